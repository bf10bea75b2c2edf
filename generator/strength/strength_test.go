package strength

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/trustelem/zxcvbn/frequency"
)

func TestWeak(t *testing.T) {
	for password, want := range map[string]string{
		"password":                              "first thousand",
		"P@ssw0rd":                              "first thousand",
		"drowssap":                              "first thousand",
		"123456":                                "first thousand",
		"alice":                                 "first thousand", // who it is
		"registry":                              "first thousand", // the host
		"qwertyuiop":                            "first thousand",
		"passwordpassword":                      "first thousand",
		"Summer2019":                            "first million",
		"aaaaaaaaaaaaaaaaaa":                    "first thousand",
		"monkeydragon":                          "first million",
		"x7Kq2":                                 "first million",
		strings.Repeat("password", 8) + "x7Kq2": "first",
		"correct horse battery staple":          "",
		"x7Kq2vLm9Tz4":                          "",
		"Tr0ub4dour&3-and-more":                 "",
		"gärtner-überfällt-möwe":                "",
		strings.Repeat("a", 40) + "q8Zr5Wn3Yk7": "",
	} {
		got := Weak(password, "alice", "registry.example.com")
		if want == "" && got != "" || want != "" && !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", password, got, want)
		}
	}
	for _, odd := range []string{"", "\x00", "é", "\xff\xfe", strings.Repeat("4@8({[<369 1!|0$5+7%2", 3)} {
		_ = Weak(odd)
	}
}

// The estimator's own figures, of its own tests: which words a list has, and at
// which rank, is the same in the way that they are handed over.
func TestGuessesAreZxcvbns(t *testing.T) {
	for password, want := range map[string]float64{
		"correcthorse": 1.60828e+06,
		"dragon":       11,
		"letmein":      17,
	} {
		if got := guesses(password, nil); math.Abs(got-want)/want > 0.001 {
			t.Errorf("%s: %g, want %g", password, got, want)
		}
	}
}

// A build has nothing to do with passwords: the tables are not built when the
// program starts.
func TestTheStartIsLight(t *testing.T) {
	if len(frequency.FrequencyLists) > 0 {
		t.Error("the estimator has its lists: it was initialized before they were taken away")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run", "^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`init github.com/trustelem/zxcvbn/matching @.* ms clock, (\d+) bytes`).FindStringSubmatch(errs.String())
	if m == nil {
		t.Fatalf("no trace of the estimator:\n%s", errs.String())
	}
	if len(m[1]) > 6 {
		t.Errorf("it takes %s bytes at the start", m[1])
	}
}

func BenchmarkWeak(b *testing.B) {
	for b.Loop() {
		Weak("x7Kq2vLm9Tz4x7Kq2vLm9Tz4x7Kq2vLm", "alice", "registry.example.com")
	}
}
