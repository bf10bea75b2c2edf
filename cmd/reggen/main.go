// Command reggen turns one small, layered spec into everything a private
// container registry on Kubernetes needs.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/reggen/reggen/internal/cli"
	_ "github.com/reggen/reggen/internal/collector"
	_ "github.com/reggen/reggen/internal/pages" // and the last of these imports: the linker puts its code behind theirs
)

// again is when a second Ctrl-C is one: timeout(1) and others tell a program and
// its group, and so the program twice.
const again = 200 * time.Millisecond

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() { time.AfterFunc(again, stop) }) // a second Ctrl-C ends the program at once
	os.Exit(cli.Run(ctx, cli.Real()))
}
