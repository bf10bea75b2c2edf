package cli

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/repository"
)

const (
	onlyThese   = cobra.ShellCompDirectiveNoFileComp
	onlyFolders = cobra.ShellCompDirectiveFilterDirs
)

// completed gives commands what a shell may put in the place of an argument.
// What can't be read completes to nothing: the command itself says why.
func (w *World) completed(root *cobra.Command) {
	for path, complete := range map[string]cobra.CompletionFunc{
		"build": w.folders(0), "seal": w.folders(0), "render": w.folders(0), "diff": w.folders(0), "check": w.folders(0), "access": w.folders(0), "probe": w.folders(0), "takeover": w.folders(0), "offboard": w.folders(1),
		"init":      func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) { return nil, onlyFolders },
		"import":    func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) { return nil, onlyFolders },
		"user list": cobra.NoFileCompletions, "user add": cobra.NoFileCompletions, "version": cobra.NoFileCompletions, "plugin install": cobra.NoFileCompletions,
		"user verify": w.names(false), "user remove": w.names(false), "user rotate": w.rotated, "user retire": w.names(false),
		"credential show": w.names(true), "credential set": w.names(true),
		"explain": explainedPaths, "edit": w.nameThenFolder,
	} {
		if cmd, _, err := root.Find(strings.Fields(path)); err == nil {
			cmd.ValidArgsFunction = complete
		}
	}
	for _, path := range []string{"user", "credential set", "credential show"} {
		if cmd, _, err := root.Find(strings.Fields(path)); err == nil {
			_ = cmd.RegisterFlagCompletionFunc("dir", func(_ *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
				return w.folders(0)(nil, nil, start)
			})
		}
	}
}

// rotated completes a user, or with --due environments.
func (w *World) rotated(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
	if due, _ := cmd.Flags().GetBool("due"); due {
		return w.folders(0)(cmd, args, start)
	}
	return w.names(false)(cmd, args, start)
}

// folders completes environments below overlays/ that are not named yet, and
// any folder where none begins like that. The first arguments are not folders.
func (w *World) folders(first int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
		if len(args) < first {
			return nil, onlyThese
		}
		var out []string
		top := filepath.Join(w.Dir, "overlays")
		for _, entry := range repository.Entries(top) {
			dir := filepath.Join(top, entry.Name())
			name := w.Rel(dir)
			if !problem.Steers(name) && repository.HasKustomization(dir) && strings.HasPrefix(name, start) && !slices.Contains(args, name) {
				out = append(out, name)
			}
		}
		if len(out) == 0 {
			return nil, onlyFolders
		}
		return out, onlyThese
	}
}

// nameThenFolder completes a credential of the only environment, or of this
// folder, and then a folder.
func (w *World) nameThenFolder(_ *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return w.folders(1)(nil, args, start)
	}
	return w.namesIn("", true, start)
}

// names completes the names of users, or of all credentials.
func (w *World) names(all bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, onlyThese
		}
		return w.namesIn(cmd.Flag("dir").Value.String(), all, start)
	}
}

func (w *World) namesIn(dir string, all bool, start string) ([]string, cobra.ShellCompDirective) {
	e, err := w.Chosen(dir)
	if err != nil {
		return nil, onlyThese
	}
	set, err := w.Credentials(e)
	if err != nil {
		return nil, onlyThese
	}
	found := map[string]bool{}
	for _, c := range set.All() {
		switch {
		case all:
			found[c.Name] = true
		case c.Type == credential.User:
			found[c.User] = true
		}
	}
	maps.DeleteFunc(found, func(name string, _ bool) bool { return !strings.HasPrefix(name, start) })
	return slices.Sorted(maps.Keys(found)), onlyThese
}
