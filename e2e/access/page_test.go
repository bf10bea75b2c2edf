// Package access opens the page of reggen access -o html in a real browser, as an
// auditor does.
package access

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/reggen/reggen/e2e/programs"
)

var repo = func() string { dir, _ := filepath.Abs("../.."); return dir }()

//go:embed contrast.js
var contrast string

// largest is how large the page may be.
const largest = 2 << 20

// browser is a tab, and what it asked for and complained about.
type browser struct {
	context.Context
	t  testing.TB
	mu sync.Mutex

	requests, complaints []string
}

func open(t testing.TB) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing: apt-get install -y --no-install-recommends chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		// What the page asks for is what is tested, not the browser's own calls.
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))
	all, stopAll := chromedp.NewExecAllocator(t.Context(), options...)
	tab, stop := chromedp.NewContext(all)
	t.Cleanup(func() { stop(); stopAll() })
	b := &browser{Context: tab, t: t}
	must(t, chromedp.Listen(tab, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			b.requests = append(b.requests, e.Request.URL)
		case *runtime.EventConsoleAPICalled:
			b.complaints = append(b.complaints, fmt.Sprint("console: ", e.Type))
		case *runtime.EventExceptionThrown:
			b.complaints = append(b.complaints, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			b.complaints = append(b.complaints, e.Entry.Text)
		}
	}))
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, runtime.Enable, cdp.Empty{})
	return b
}

// call runs a command of the browser's protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], with P) R {
	b.t.Helper()
	out, err := chromedp.Call(b, command, with)
	must(b.t, err)
	return out
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	must(b.t, chromedp.Do(b, actions...))
}

// ask is the value of an expression in the page.
func ask[T any](b *browser, expression string) T {
	b.t.Helper()
	out, err := chromedp.Run(b, chromedp.Evaluate[T](expression))
	must(b.t, err)
	return out
}

// as makes the browser one of a size and a colour scheme.
func (b *browser) as(width, height int64, scheme string) {
	b.t.Helper()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// find searches for a text.
func (b *browser) find(text string) {
	b.t.Helper()
	ask[bool](b, fmt.Sprintf(`(q => { q.value = %q; q.focus(); q.form.requestSubmit(); return true })(document.getElementById("q"))`, text))
}

func (b *browser) shown(selector string) int {
	b.t.Helper()
	return ask[int](b, fmt.Sprintf(`Array.from(document.querySelectorAll(%q)).filter(e => e.checkVisibility()).length`, selector))
}

// program is reggen, built once.
func program(t testing.TB) string {
	t.Helper()
	bin := t.TempDir()
	must(t, programs.Build(bin, repo, "./cmd/reggen"))
	return filepath.Join(bin, "reggen")
}

// page writes the page of a repository, and returns its file.
func (r *repository) page(reggen string, args ...string) string {
	r.t.Helper()
	began := time.Now()
	cmd := exec.Command(reggen, append([]string{"access", "-o", "html"}, args...)...)
	cmd.Dir = r.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.t.TempDir()}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	html, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("%v\n%s", err, errs.String())
	}
	r.t.Logf("%d KiB in %v", len(html)>>10, time.Since(began).Round(time.Millisecond))
	if len(html) > largest {
		r.t.Errorf("the page has %d bytes, more than %d", len(html), largest)
	}
	file := filepath.Join(r.t.TempDir(), "access.html")
	must(r.t, os.WriteFile(file, html, 0o644))
	return file
}

func TestThePage(t *testing.T) {
	big, reggen := newRepository(t, environments), program(t)
	big.state(environments, people, -1)
	file, small := big.page(reggen), changed(t).page(reggen, "--from", "HEAD")

	b := open(t)
	b.as(1280, 900, "light")
	b.do(chromedp.Navigate("file://"+file), chromedp.WaitVisible(chromedp.CSS("#q"))) // which the script shows
	t.Run("holds everybody", func(t *testing.T) {
		b.t = t
		for selector, want := range map[string]int{
			"table.matrix tbody tr": environments, "table.matrix thead th": people + 2, // environment and others
			"section:has(#people) tbody tr": people, "section:has(#users) tbody tr": 3 * environments, "section:has(#keys) tbody tr": environments, // clusters are folded
		} {
			if n := b.shown(selector); n != want {
				t.Errorf("%s: %d, not %d", selector, n, want)
			}
		}
	})
	t.Run("hostile texts are texts", func(t *testing.T) {
		b.t = t
		if title := ask[string](b, "document.title"); !strings.HasPrefix(title, "Who can read what, 20") {
			t.Errorf("the title is %q", title)
		}
		if n := ask[int](b, "document.images.length"); n != 0 {
			t.Errorf("%d images", n)
		}
		if !strings.Contains(ask[string](b, "document.body.innerText"), "<img src=x") {
			t.Error("the name is not shown as it was written")
		}
	})
	b.looks(t, "big", 1000)
	t.Run("the search narrows", func(t *testing.T) {
		b.t = t
		b.as(1280, 900, "light")
		for text, want := range map[string][2]int{ // rows and columns of the matrix
			environment(17):              {1, people + 2},
			"PROD ap-south":              {22, people + 2},
			person(20):                   {count(20), 2},
			"nobody of that name":        {0, 0},
			environment(4) + ".example":  {1, people + 2},
			"docker-registry " + "alice": {environments, people + 2},
		} {
			b.find(text)
			got := [2]int{b.shown("table.matrix tbody tr"), b.shown("table.matrix thead th")}
			if got != want {
				t.Errorf("%q: %v rows and columns, not %v", text, got, want)
			}
		}
		// As a person types it: the page looks after the last letter, or at Enter.
		ask[bool](b, `document.getElementById("q").value = "", true`)
		b.do(chromedp.SendKeys(chromedp.CSS("#q"), "nobody of that name\r"))
		if said := ask[string](b, `document.getElementById("hits").textContent`); said != "nothing matches" {
			t.Errorf("it says %q", said)
		}
		if said := ask[string](b, `document.querySelector("section:has(#users) .n").textContent`); said != fmt.Sprintf("none of %d matches", 3*environments) {
			t.Errorf("of users it says %q", said)
		}
		for name, away := range map[string]func(){
			"the button": func() { b.do(chromedp.Click(chromedp.CSS("form.find button"))) },
			"Escape":     func() { b.do(chromedp.KeyEvent(kb.Escape)) },
		} {
			b.find(environment(17))
			if said := ask[string](b, `document.getElementById("hits").textContent`); !strings.HasSuffix(said, " tables") {
				t.Errorf("it says %q", said)
			}
			if away(); b.shown("table.matrix tbody tr") != environments || ask[string](b, `document.getElementById("q").value + document.activeElement.id`) != "q" {
				t.Errorf("%s doesn't take the search away, or the place", name)
			}
		}
		b.find("cluster " + environment(17)) // stands in a part that is folded
		if n := b.shown("details.more tbody tr"); n != 1 {
			t.Errorf("%d rows of a folded part", n)
		}
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		if n := b.shown(".only"); n != 1 {
			t.Error("paper doesn't say that a search left something out")
		}
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
		took := ask[float64](b, `(() => { const q = document.getElementById("q"), t = performance.now(); for (const s of ["p", "pr", "pro", ""]) { q.value = s; q.form.requestSubmit(); document.body.offsetHeight; } return performance.now() - t; })()`)
		t.Logf("four searches took %.0f ms", took)
		if n := b.shown("table.matrix tbody tr"); n != environments {
			t.Errorf("without a text, %d rows", n)
		}
	})
	t.Run("keyboard and screen reader", func(t *testing.T) {
		b.t = t
		for what, expression := range map[string]string{
			"a heading of a table without scope":      `document.querySelectorAll("th:not([scope])").length`,
			"a part that scrolls and has no name":     `document.querySelectorAll(".scroll:not([tabindex='0'][aria-labelledby])").length`,
			"a name that nothing has":                 `Array.from(document.querySelectorAll("[aria-labelledby]")).filter(e => !document.getElementById(e.getAttribute("aria-labelledby"))).length`,
			"a link within the page to nothing":       `Array.from(document.querySelectorAll("a[href^='#']")).filter(e => !document.querySelector(e.getAttribute("href"))).length`,
			"a field without a label":                 `Array.from(document.querySelectorAll("input")).filter(e => e.labels.length === 0).length`,
			"a row without a heading":                 `Array.from(document.querySelectorAll("tbody tr")).filter(e => !e.querySelector("th[scope=row]")).length`,
			"an id that is there twice":               `document.querySelectorAll("[id]").length - new Set(Array.from(document.querySelectorAll("[id]"), e => e.id)).size`,
			"a heading that leaves out a level":       `document.querySelectorAll("h3, h4").length`,
			"a finding without a link to its rule":    `document.querySelectorAll("section:has(#findings) tbody th:not(:has(a[href*='/rules.md#']))").length`,
			"a page without a language or a main":     `+(document.documentElement.lang !== "en" || document.querySelectorAll("main").length !== 1)`,
			"a row of the matrix with too few cells":  `Array.from(document.querySelectorAll("table.matrix tr")).filter(e => e.cells.length !== document.querySelector("table.matrix tr").cells.length).length`,
			"an attribute that would run or style":    `document.querySelectorAll("[style], [onclick], [onerror], [onload]").length`,
			"something that is fetched from anywhere": `document.querySelectorAll("[src], link:not([href='data:,'])").length`,
		} {
			if n := ask[int](b, expression); n != 0 {
				t.Errorf("%d: %s", n, what)
			}
		}
		ask[bool](b, `document.activeElement.blur(), true`)
		b.do(chromedp.KeyEvent("/"))
		if at := ask[string](b, "document.activeElement.id"); at != "q" {
			t.Errorf("the key / leads to %q, not to the search", at)
		}
	})
	t.Run("print, how wide", func(t *testing.T) {
		b.t = t
		b.find("")
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1032, Height: 720, DeviceScaleFactor: 1}) // A4 across, less its margins
		if wide := ask[int](b, "document.documentElement.scrollWidth"); wide > 1032 {
			t.Errorf("the paper is 1032 wide, and the page %d", wide)
		}
		// A head that takes more than a quarter of the 186 mm is not repeated on the next page.
		if high := ask[int](b, `document.querySelector("table.matrix thead").offsetHeight`); high > 170 {
			t.Errorf("the head of the matrix is %d high", high)
		}
		if n := b.shown("form.find, nav, .only"); n != 0 {
			t.Error("the search is printed")
		}
		if os.Getenv("ACCESS_SHOTS") != "" {
			b.paper("big")
		}
	})
	t.Run("what changed, and what is not as it should be", func(t *testing.T) {
		b.t = t
		b.as(1280, 900, "light")
		b.do(chromedp.Navigate("file://"+small), chromedp.WaitVisible(chromedp.CSS("#q")))
		rows := ask[[]string](b, `Array.from(document.querySelectorAll(".changed tbody tr"), r => Array.from(r.cells, c => c.textContent).join(" | ").replace(/\s+/g, " "))`)
		for what, parts := range map[string][]string{
			"who came":              {"added", person(people - 1), "opens credentials and sealed files", environment(8)},
			"who went":              {"removed", person(9), environment(2)},
			"an environment, once":  {"added", environment(few - 1), "| environment |", " readers", person(0), "cluster " + environment(few-1), "(sealed files alone)"},
			"an environment's end":  {"removed", environment(few - 2), "| environment |", " readers", person(0)},
			"a rule without a file": {"added", person(few), "opens credentials (not yet)", environment(odd)},
		} {
			n := 0
			for _, row := range rows {
				all := true
				for _, part := range parts {
					all = all && strings.Contains(row, part)
				}
				if all {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s: %d rows of\n%s", what, n, strings.Join(rows, "\n"))
			}
		}
		for selector, want := range map[string]string{
			"td.w": "C still", ".glance": "overdue, of 3 with a limit", ".users": "overdue: limit 90 days", ".keys": "unsure: limit 9999 days", ".made": "on top of commit ",
		} {
			if text := ask[string](b, fmt.Sprintf(`Array.from(document.querySelectorAll(%q), e => e.textContent).join("\n").replace(/\s+/g, " ")`, selector)); !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", selector, want, text)
			}
		}
	})
	b.looks(t, "small", 300)
	t.Run("print", func(t *testing.T) {
		b.t = t
		if pdf := b.paper("small"); !bytes.HasPrefix(pdf, []byte("%PDF-")) || bytes.Count(pdf, []byte("/Type /Page\n")) < 3 {
			t.Errorf("no PDF of several pages: %d bytes", len(pdf))
		}
		if n := ask[int](b, `document.querySelectorAll("details[open]:not(.more)").length`); n != 0 {
			t.Errorf("%d folds are left open by printing", n)
		}
	})
	t.Run("without scripts", func(t *testing.T) {
		b.t = t
		b.as(390, 844, "light")
		call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		b.do(chromedp.Navigate("file://" + small))
		if n := b.shown("form.find, .up"); n != 0 {
			t.Errorf("%d things are shown that only a script can do", n)
		}
		if rows, all := b.shown("tbody tr"), ask[int](b, `document.querySelectorAll("tbody tr").length`); rows != all || rows < 5*few {
			t.Errorf("%d of %d rows are shown", rows, all)
		}
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		if url != "file://"+file && url != "file://"+small && url != "data:," {
			t.Errorf("the page asked for %s", url)
		}
	}
	if len(b.requests) == 0 {
		t.Error("no request was seen at all, not even that for the page")
	}
	for _, c := range b.complaints {
		t.Errorf("the browser complains: %s", c)
	}
}

// looks opens the page at the width of a phone and of a desk, light and dark.
func (b *browser) looks(t *testing.T, name string, texts int) {
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"phone", 390, 844}, {"desk", 1280, 900}} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(name+", "+size.name+", "+scheme, func(t *testing.T) {
				b.t = t
				b.as(size.width, size.height, scheme)
				if wide := ask[int](b, "document.documentElement.scrollWidth"); int64(wide) > size.width {
					t.Errorf("the page is %d wide, and scrolls sideways", wide)
				}
				dark := ask[bool](b, `getComputedStyle(document.body).backgroundColor.match(/\d+/g).reduce((a, c) => a + +c, 0) < 200`)
				if dark != (scheme == "dark") {
					t.Errorf("the paper is dark: %v", dark)
				}
				for _, weak := range ask[[]string](b, strings.Replace(contrast, "LEAST", fmt.Sprint(texts), 1)) {
					t.Error("hard to read: " + weak)
				}
				if size.name == "phone" {
					for _, low := range ask[[]string](b, low) {
						t.Error("too low for a finger: " + low)
					}
				}
				b.shoot(name + "-" + size.name + "-" + scheme)
			})
		}
	}
}

// low are things to tap that are lower than a finger needs: WCAG asks for 24 at
// least, and what stands by itself has room for more.
const low = `Array.from(document.querySelectorAll("nav a, .glance a, .up, .find input, .find button, summary"), e => [e, e.getBoundingClientRect().height])
	.filter(([e, high]) => high > 0 && high < (e.matches("td summary") ? 24 : 40)).map(([e, high]) => e.tagName + " " + e.textContent.slice(0, 20) + ": " + high)`

// count is how many environments somebody opens.
func count(i int) (n int) {
	for e := range environments {
		if reads(i, e) {
			n++
		}
	}
	return n
}

// paper is the page as it is printed.
func (b *browser) paper(name string) []byte {
	b.t.Helper()
	yes := true
	pdf := call(b, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: &yes}).Data
	if dir := os.Getenv("ACCESS_SHOTS"); dir != "" {
		must(b.t, os.WriteFile(filepath.Join(dir, name+".pdf"), pdf, 0o644))
	}
	return pdf
}

// shoot leaves a picture of what is seen first where the tester asks for some.
func (b *browser) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("ACCESS_SHOTS")
	if dir == "" {
		return
	}
	for _, at := range []string{"", "matrix", "users", "keys", "findings"} {
		ask[bool](b, fmt.Sprintf(`%q ? document.getElementById(%[1]q).scrollIntoView() : scrollTo(0, 0), true`, at))
		png := call(b, page.CaptureScreenshot, page.CaptureScreenshotParams{}).Data
		must(b.t, os.WriteFile(filepath.Join(dir, strings.TrimSuffix(name+"-"+at, "-")+".png"), png, 0o644))
	}
	ask[bool](b, `scrollTo(0, 0), true`)
}
