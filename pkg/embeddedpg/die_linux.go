package embeddedpg

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the child end at once when this process is killed.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT }
