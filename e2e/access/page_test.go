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

// find types into the search field; the Enter key has the page look at once.
func (b *browser) find(text string) {
	b.t.Helper()
	ask[bool](b, `document.getElementById("q").value = "", true`)
	b.do(chromedp.SendKeys(chromedp.CSS("#q"), text+"\r"))
}

func (b *browser) shown(selector string) int {
	b.t.Helper()
	return ask[int](b, fmt.Sprintf(`Array.from(document.querySelectorAll(%q)).filter(e => e.offsetParent !== null).length`, selector))
}

func TestThePage(t *testing.T) {
	r := newRepository(t)
	reggen := filepath.Join(t.TempDir(), "reggen")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", reggen, "./cmd/reggen")
	build.Dir = repo
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	began := time.Now()
	cmd := exec.Command(reggen, "access", "-o", "html", "--from", "HEAD")
	cmd.Dir = r.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	html, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	t.Logf("%d environments, %d people: %d KiB in %v", environments, people, len(html)>>10, time.Since(began).Round(time.Millisecond))
	if len(html) > largest {
		t.Errorf("the page has %d bytes, more than %d", len(html), largest)
	}
	file := filepath.Join(t.TempDir(), "access.html")
	must(t, os.WriteFile(file, html, 0o644))

	b := open(t)
	b.as(1280, 900, "light")
	b.do(chromedp.Navigate("file://"+file), chromedp.WaitVisible(chromedp.CSS("#q"))) // which the script shows
	t.Run("holds everybody", func(t *testing.T) {
		b.t = t
		for selector, want := range map[string]int{
			"table.matrix tbody tr": environments, "table.matrix thead th": people + 1, // environment and others; one has left
			"section:has(#people) tbody tr": people + environments - 1, "section:has(#users) tbody tr": 3 * environments,
		} {
			if n := b.shown(selector); n != want {
				t.Errorf("%s: %d, not %d", selector, n, want)
			}
		}
		changed := ask[string](b, `document.querySelector("section:has(#changed)").innerText`)
		for _, want := range []string{environment(environments - 1), person(people - 1), "added", "removed", person(9)} {
			if !strings.Contains(changed, want) {
				t.Errorf("what changed lacks %q", want)
			}
		}
	})
	t.Run("hostile texts are texts", func(t *testing.T) {
		b.t = t
		if title := ask[string](b, "document.title"); title != "Who can read what" {
			t.Errorf("the title is %q", title)
		}
		if n := ask[int](b, "document.images.length"); n != 0 {
			t.Errorf("%d images", n)
		}
		if !strings.Contains(ask[string](b, "document.body.innerText"), "<img src=x") {
			t.Error("the name is not shown as it was written")
		}
	})
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"phone", 390, 844}, {"desk", 1280, 900}} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(size.name+", "+scheme, func(t *testing.T) {
				b.t = t
				b.as(size.width, size.height, scheme)
				if wide := ask[int](b, "document.documentElement.scrollWidth"); int64(wide) > size.width {
					t.Errorf("the page is %d wide, and scrolls sideways", wide)
				}
				dark := ask[bool](b, `getComputedStyle(document.body).backgroundColor.match(/\d+/g).reduce((a, c) => a + +c, 0) < 200`)
				if dark != (scheme == "dark") {
					t.Errorf("the paper is dark: %v", dark)
				}
				for _, weak := range ask[[]string](b, contrast) {
					t.Error("hard to read: " + weak)
				}
				b.shoot(size.name + "-" + scheme)
			})
		}
	}
	t.Run("the search narrows", func(t *testing.T) {
		b.t = t
		b.as(1280, 900, "light")
		for text, want := range map[string][2]int{ // rows and columns of the matrix
			environment(17):              {1, people + 1},
			"PROD ap-south":              {22, people + 1},
			person(20):                   {count(20), 2},
			"nobody of that name":        {0, people + 1},
			environment(4) + ".example":  {1, people + 1},
			"docker-registry " + "alice": {environments, people + 1},
		} {
			b.find(text)
			got := [2]int{b.shown("table.matrix tbody tr"), b.shown("table.matrix thead th")}
			if got != want {
				t.Errorf("%q: %v rows and columns, not %v", text, got, want)
			}
		}
		b.find("nobody of that name")
		if said := ask[string](b, `document.getElementById("hits").textContent`); said != "nothing matches" {
			t.Errorf("it says %q", said)
		}
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
	t.Run("print", func(t *testing.T) {
		b.t = t
		yes := true
		pdf := call(b, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: &yes}).Data
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) || bytes.Count(pdf, []byte("/Type /Page\n")) < 3 {
			t.Errorf("no PDF of several pages: %d bytes", len(pdf))
		}
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1032, Height: 720, DeviceScaleFactor: 1}) // A4 across, less its margins
		if wide := ask[int](b, "document.documentElement.scrollWidth"); wide > 1032 {
			t.Errorf("the paper is 1032 wide, and the page %d", wide)
		}
		if n := b.shown("form.find, nav"); n != 0 {
			t.Error("the search is printed")
		}
		if dir := os.Getenv("ACCESS_SHOTS"); dir != "" {
			must(t, os.WriteFile(filepath.Join(dir, "page.pdf"), pdf, 0o644))
		}
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		if url != "file://"+file && url != "data:," {
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

// count is how many environments somebody opens.
func count(i int) (n int) {
	for e := range environments {
		if reads(i, e) {
			n++
		}
	}
	return n
}

// shoot leaves a picture of what is seen first where the tester asks for some.
func (b *browser) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("ACCESS_SHOTS")
	if dir == "" {
		return
	}
	for _, at := range []string{"", "matrix", "users", "findings"} {
		ask[bool](b, fmt.Sprintf(`%q ? document.getElementById(%[1]q).scrollIntoView() : scrollTo(0, 0), true`, at))
		png := call(b, page.CaptureScreenshot, page.CaptureScreenshotParams{}).Data
		must(b.t, os.WriteFile(filepath.Join(dir, strings.TrimSuffix(name+"-"+at, "-")+".png"), png, 0o644))
	}
	ask[bool](b, `scrollTo(0, 0), true`)
}
