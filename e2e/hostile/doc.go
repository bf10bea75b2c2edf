// Package hostile attacks reggen with what a pull request can hold: files. Each
// attack is run through every command and every way in, under strace, beside
// the real helm and git, a stand-in for docker and one for Vault. What a command
// may touch stands in one table; a command that is not in it fails the tests.
//
//	REGGEN_UNDER_TEST=/path/of/an/older/reggen go test ./hostile
//
// shows what an older program does.
package hostile
