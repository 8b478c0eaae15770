package replay

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// keep is the folder with what a replay that was cut off needs to go on: the
// secret its accounts' passwords are made of, their tokens, and which accounts
// each row was given. Only its user reads it.
type keep struct {
	dir    string
	secret []byte
	lock   *os.File

	mu     sync.Mutex
	tokens map[string]tokens // by email
}

// tokens sign an account in.
type tokens struct {
	Access  string    `json:"access"`
	Expires time.Time `json:"expires"`
	Refresh string    `json:"refresh"`
}

const (
	folder      = "replay"
	secretBytes = 32
)

// openKeep makes or opens the folder below a state folder and takes it for
// this process. Errors: another replay uses it.
func openKeep(state string) (*keep, error) {
	k := &keep{dir: filepath.Join(state, folder), tokens: map[string]tokens{}}
	if err := os.MkdirAll(state, 0o711); err != nil { //nolint:gosec // as embeddedpg makes it: another user's server walks through it
		return nil, fmt.Errorf("replay: %w", err)
	}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	if err := k.take(); err != nil {
		return nil, err
	}
	if err := k.load(); err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

func (k *keep) path(name string) string { return filepath.Join(k.dir, name) }

// take holds a lock that ends with the process.
func (k *keep) take() error {
	f, err := os.OpenFile(k.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("another replay is running here (%s is locked)", f.Name())
		}
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	k.lock = f
	return nil
}

// close gives the folder back.
func (k *keep) close() { _ = k.lock.Close() }

func (k *keep) load() error {
	text, err := os.ReadFile(k.path("secret"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return k.begin()
	case err != nil:
		return fmt.Errorf("replay: %w", err)
	}
	if k.secret, err = hex.DecodeString(string(text)); err != nil || len(k.secret) != secretBytes {
		return fmt.Errorf("%s is damaged: remove it to begin with new accounts", k.path("secret"))
	}
	if text, err = os.ReadFile(k.path("tokens.json")); err == nil && json.Unmarshal(text, &k.tokens) != nil {
		k.tokens = map[string]tokens{} // they only save time
	}
	return nil
}

// begin makes the secret.
func (k *keep) begin() error {
	k.secret = make([]byte, secretBytes)
	if _, err := rand.Read(k.secret); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return k.write("secret", []byte(hex.EncodeToString(k.secret)))
}

// write replaces a file in one step.
func (k *keep) write(name string, text []byte) error {
	draft := k.path(name + ".new")
	if err := os.WriteFile(draft, text, 0o600); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	if err := os.Rename(draft, k.path(name)); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return nil
}

// name is public and differs from secret to secret: accounts of another secret
// have other emails, so a lost folder locks nobody out.
func (k *keep) name() string {
	sum := sha256.Sum256(append([]byte("name of "), k.secret...))
	return hex.EncodeToString(sum[:4])
}

// password is the account's, always the same and known here only.
func (k *keep) password(email string) string {
	mac := hmac.New(sha256.New, k.secret)
	mac.Write([]byte("password of " + email))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))[:32]
}

// remembered returns the account's last tokens.
func (k *keep) remembered(email string) tokens {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tokens[email]
}

// remember keeps the account's tokens.
func (k *keep) remember(email string, t tokens) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tokens[email] = t
	text, err := json.Marshal(k.tokens)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return k.write("tokens.json", text)
}
