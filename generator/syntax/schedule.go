package syntax

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// cronFields are the parts of a schedule with their bounds and names.
var cronFields = []struct {
	name        string
	least, most int
	names       string
}{
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day of the month", 1, 31, ""},
	{"month", 1, 12, " jan feb mar apr may jun jul aug sep oct nov dec "},
	{"day of the week", 0, 6, " sun mon tue wed thu fri sat "},
}

// reCron is one entry of a field: *, a value or a range, and a step.
var reCron = regexp.MustCompile(`^(?:(\*)|([0-9]{1,2}|[A-Za-z]{3})(?:-([0-9]{1,2}|[A-Za-z]{3}))?)(?:/([0-9]{1,2}))?$`)

// WantSchedule says what a schedule looks like.
const WantSchedule = "minute, hour, day of the month, month, day of the week, for instance 0 3 * * 0"

// CheckSchedule says why s is no schedule that a CronJob takes, or "".
func CheckSchedule(s string) string {
	switch {
	case strings.Contains(s, "TZ="):
		return "has a time zone in it, which a CronJob refuses there"
	case strings.HasPrefix(s, "@"):
		return "is a word for a schedule, or an interval"
	}
	parts := strings.Split(s, " ")
	if len(parts) != len(cronFields) {
		return fmt.Sprintf("has %d fields with a space between them, not %d", len(parts), len(cronFields))
	}
	for i, f := range cronFields {
		for _, entry := range strings.Split(parts[i], ",") {
			m := reCron.FindStringSubmatch(entry)
			if m == nil {
				return "its " + f.name + " is not one"
			}
			last := f.least
			for _, text := range m[2:4] {
				if text == "" {
					continue
				}
				n, err := strconv.Atoi(text)
				if at := strings.Index(f.names, " "+strings.ToLower(text)+" "); err != nil && at >= 0 {
					n = at/4 + f.least
				} else if err != nil {
					return "its " + f.name + " is not one"
				}
				if n < last || n > f.most {
					return fmt.Sprintf("its %s is not from %d to %d, or ends before it begins", f.name, f.least, f.most)
				}
				last = n
			}
			if step, _ := strconv.Atoi(m[4]); m[4] != "" && step == 0 {
				return "its " + f.name + " has steps of 0"
			}
		}
	}
	return ""
}
