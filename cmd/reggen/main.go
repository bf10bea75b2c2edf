// Command reggen turns one small, layered spec into everything a private
// container registry on Kubernetes needs.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/reggen/reggen/internal/cli"
	_ "github.com/reggen/reggen/internal/early" // before everything else
	_ "github.com/reggen/reggen/internal/pages" // and the last of these imports: the linker puts its code behind theirs
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := cli.Run(ctx, cli.Real())
	stop()
	os.Exit(code)
}
