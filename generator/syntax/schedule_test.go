package syntax

import (
	"strings"
	"testing"
)

func TestSchedules(t *testing.T) {
	for s, want := range map[string]string{
		"0 3 * * 0":           "",
		"*/15 0-6/2 1,15 * *": "",
		"0 3 * jan-MAR Sun":   "",
		"59 23 31 12 6":       "",
		"60 3 * * *":          "its minute is not from 0 to 59, or ends before it begins",
		"0 24 * * *":          "its hour is not from 0 to 23, or ends before it begins",
		"0 3 0 * *":           "its day of the month is not from 1 to 31, or ends before it begins",
		"0 3 * 13 *":          "its month is not from 1 to 12, or ends before it begins",
		"0 3 * * 7":           "its day of the week is not from 0 to 6, or ends before it begins",
		"0 6-3 * * *":         "its hour is not from 0 to 23, or ends before it begins",
		"0 3 * mai *":         "its month is not one",
		"0 3 * * *-1":         "its day of the week is not one",
		"0 3 , * *":           "its day of the month is not one",
		"*/0 3 * * *":         "its minute has steps of 0",
		"0 3 * *":             "has 4 fields with a space between them, not 5",
		"0  3 * * *":          "has 6 fields with a space between them, not 5",
		"@weekly":             "is a word for a schedule, or an interval",
		"TZ=UTC 0 3 * * *":    "has a time zone in it, which a CronJob refuses there",
	} {
		if got := CheckSchedule(s); got != want {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
}

// A schedule that is taken has five fields of few characters, each with a
// number, a name or a star.
func FuzzSchedule(f *testing.F) {
	for _, s := range []string{"0 3 * * 0", "*/15 0-6/2 1,15 * *", "0 3 * jan-mar sun", "60 3 * * *", "@daily", "", "1-1-1 * * * *"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if CheckSchedule(s) != "" {
			return
		}
		fields := strings.Fields(s)
		if len(fields) != 5 || strings.Trim(s, "0123456789*/-, abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Errorf("%q is taken", s)
		}
		for _, field := range fields {
			if !strings.ContainsAny(field[:1], "0123456789*abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
				t.Errorf("%q is taken", s)
			}
		}
	})
}
