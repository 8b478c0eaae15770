package embeddedpg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// identity is the user the server runs as. PostgreSQL refuses to run as root.
type identity struct {
	self     bool // this process's own user; nothing to switch
	name     string
	uid, gid uint32
}

// chooseIdentity returns whom to run as: this process's user, or, for root,
// whoever owns an existing data folder, else the user behind sudo, else
// postgres, else nobody.
func chooseIdentity(data string) (identity, error) {
	if uid := os.Geteuid(); uid != 0 {
		me := identity{self: true, name: strconv.Itoa(uid), uid: uint32(uid), gid: uint32(os.Getegid())} //nolint:gosec // ids of this process
		return me, checkDataOwner(data, me)
	}
	if owner, ok := ownerOf(data); ok && owner != 0 {
		return lookup(strconv.FormatUint(uint64(owner), 10))
	}
	if sudo := os.Getenv("SUDO_UID"); sudo != "" && sudo != "0" {
		return lookup(sudo)
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := osuser.Lookup(name); err == nil {
			return lookup(u.Uid)
		}
	}
	return identity{}, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as: start the marketplace as an ordinary user")
}

func lookup(uid string) (identity, error) {
	n, err := strconv.ParseUint(uid, 10, 32)
	if err != nil {
		return identity{}, fmt.Errorf("user id %q: %w", uid, err)
	}
	who := identity{name: uid, uid: uint32(n), gid: uint32(n)}
	if u, err := osuser.LookupId(uid); err == nil {
		who.name = u.Username
		if gid, err := strconv.ParseUint(u.Gid, 10, 32); err == nil {
			who.gid = uint32(gid)
		}
	}
	return who, nil
}

func ownerOf(path string) (uid uint32, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return st.Uid, true
}

func checkDataOwner(data string, me identity) error {
	owner, ok := ownerOf(data)
	if !ok || owner == me.uid {
		return nil
	}
	who, err := lookup(strconv.FormatUint(uint64(owner), 10))
	if err != nil {
		return err
	}
	return fmt.Errorf("data folder %s belongs to user %s, not to the one running this: run it as before, or choose another folder with --state", data, who.name)
}

// checkReachable refuses a state folder that the child's user cannot enter.
func (s *Server) checkReachable() error {
	if s.owner.self || walkable(s.state, s.owner) {
		return nil
	}
	return fmt.Errorf("user %s, whom PostgreSQL runs as, cannot enter %s: choose another folder with --state, for example /var/lib/marketplace", s.owner.name, s.state)
}

// credential is nil when there is nothing to switch.
func (id identity) credential() *syscall.Credential {
	if id.self {
		return nil
	}
	return &syscall.Credential{Uid: id.uid, Gid: id.gid}
}

// own hands path to the child's user.
func (id identity) own(path string) error {
	if id.self {
		return nil
	}
	return os.Chown(path, int(id.uid), int(id.gid))
}

// walkable reports whether who may pass through every folder of dir.
func walkable(dir string, who identity) bool {
	real, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return walkable(filepath.Dir(dir), who) // not made yet: it will be ours to open
	}
	if err != nil {
		return false
	}
	for {
		if !allows(real, who, 0o1) {
			return false
		}
		parent := filepath.Dir(real)
		if parent == real {
			return true
		}
		real = parent
	}
}

// readable reports whether who may reach, read and enter or run path.
func readable(path string, who identity) bool {
	return walkable(filepath.Dir(path), who) && allows(path, who, 0o5)
}

// allows asks the system for this process's own user, and else reads the
// permission bits of the class that applies to who.
func allows(path string, who identity, bits fs.FileMode) bool {
	if who.self {
		return unix.Access(path, uint32(bits)) == nil // r = 4 and x = 1 for both
	}
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	mode := info.Mode().Perm()
	switch {
	case st.Uid == who.uid:
		mode >>= 6
	case st.Gid == who.gid:
		mode >>= 3
	}
	return mode&bits == bits
}
