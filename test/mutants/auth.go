package main

// authMutants are mistakes about who may do what.
func authMutants() []mutant {
	return append(append(tokenMutants(), sessionMutants()...), roleMutants()...)
}

// tokenMutants are mistakes in the proof of who calls.
func tokenMutants() []mutant {
	tests := []suite{{pkg: "pkg/auth"}}
	const verifier = "pkg/auth/verifier.go"
	return []mutant{
		{
			name: "alg-not-pinned", rule: "USER-004", tests: tests, file: verifier,
			from: "jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),",
		},
		{
			name: "unknown-kid-takes-the-first-key", rule: "USER-004", tests: tests, file: verifier,
			from: "\tif k == nil {",
			to:   "\tif k == nil {\n\t\tk = &r[0]\n\t}\n\tif k == nil {",
		},
		{
			name: "token-brings-its-key-along", rule: "USER-004", tests: tests, file: verifier,
			from: `if name != "alg" && name != "typ" && name != "kid" {`,
			to:   `if name == "" {`,
		},
		{
			name: "typ-unchecked", rule: "USER-004", tests: tests, file: verifier,
			from: "if c.Type != typeAccess || ",
			to:   "if ",
		},
		{
			name: "audience-unchecked", rule: "USER-004", tests: tests, file: verifier,
			from: "jwt.WithAudience(cfg.Audience),",
		},
		{
			name: "issuer-unchecked", rule: "USER-004", tests: tests, file: verifier,
			from: "jwt.WithIssuer(cfg.Issuer),",
		},
		{
			name: "token-lives-twice-as-long", rule: "USER-004", tests: tests, file: "pkg/auth/issuer.go",
			from: "jwt.NewNumericDate(now.Add(i.cfg.AccessTTL))",
			to:   "jwt.NewNumericDate(now.Add(2 * i.cfg.AccessTTL))",
		},
		{
			name: "unknown-account-costs-no-hash", rule: "USER-002", tests: tests, file: "pkg/auth/hasher.go",
			from: "hash = h.dummy",
			to:   "return false",
		},
		{
			name: "signed-in-is-enough", rule: "AUTH-002", file: "pkg/rpc/method.go",
			tests: []suite{{pkg: "pkg/rpc", run: "TestAUTH_"}},
			from:  "m.public, m.self, m.services = rule.GetPublic(), rule.GetSelf(),",
			to:    "m.public, m.self, m.services = rule.GetPublic(), true,",
		},
	}
}

// sessionMutants are mistakes in signing in and staying so.
func sessionMutants() []mutant {
	const dir = "internal/user/service/"
	signIn := []suite{{pkg: "internal/user/service", run: "TestUSER_003|TestUSER_005|TestUSER_006"}}
	refresh := []suite{{pkg: "internal/user", run: "TestUSER_005"}}
	return []mutant{
		{
			name: "throttle-off-by-ten-times", rule: "USER-003", tests: signIn, file: dir + "attempt.go",
			from: "maxPair    = 5 ",
			to:   "maxPair    = 50 ",
		},
		{
			name: "network-throttle-off-by-ten-times", rule: "USER-003", tests: signIn, file: dir + "attempt.go",
			from: "maxNetwork = 50 ",
			to:   "maxNetwork = 500 ",
		},
		{
			name: "strangers-lock-the-owner-out", rule: "USER-003", tests: signIn, file: dir + "attempt.go",
			from: "if known {",
			to:   "if known && block.Retry < 0 {",
		},
		{
			name: "refresh-grace-unlimited", rule: "USER-005", tests: refresh, file: dir + "refresh.go",
			from: " || r.now.Sub(*parent.UsedAt) > auth.RefreshGrace {",
			to:   " {",
		},
		{
			name: "grandparent-within-grace", rule: "USER-005", tests: refresh, file: dir + "refresh.go",
			from: "if child.UsedAt != nil || r.now",
			to:   "if r.now",
		},
		{
			name: "reuse-does-not-end-the-family", rule: "USER-005", tests: refresh, file: dir + "refresh.go",
			from: "return r.endFamily(ctx)",
			to:   "return nil",
		},
		{
			name: "two-tabs-refresh-unlocked", rule: "USER-005", tests: signIn, file: dir + "refresh.go",
			from: "if err := r.tx.LockSession(ctx, stored.SessionID); err != nil {",
			to:   "if err := ctx.Err(); err != nil {",
		},
		{
			name: "refresh-token-lives-for-ever", rule: "USER-005", tests: refresh, file: dir + "refresh.go",
			from: "case !r.now.Before(stored.ExpiresAt):",
			to:   "case r.now.Before(stored.CreatedAt):",
		},
		{
			name: "ban-not-checked-at-login", rule: "USER-006", tests: signIn, file: dir + "login.go",
			from: "case user.Banned():",
			to:   "case user.Banned() && s.opt.RequireVerifiedEmail:",
		},
		{
			name: "ended-session-goes-on", rule: "USER-006", file: dir + "service.go",
			tests: []suite{{pkg: "internal/user", run: "TestUSER_006"}},
			from:  "case !session.Live(s.Clock.Now()):",
			to:    "case session.ID == id.None:",
		},
		{
			name: "old-password-signs-in", rule: "USER-006", tests: signIn, file: dir + "login.go",
			from: "case user.PasswordHash != provenHash:",
			to:   "case provenHash == \"\":",
		},
	}
}

// roleMutants are mistakes in who gives which right to whom.
func roleMutants() []mutant {
	const role = "internal/user/model/role.go"
	tests := []suite{{pkg: "internal/user/model"}, {pkg: "internal/user", run: "TestUSER_009"}}
	return []mutant{
		{
			name: "admin-grants-owner", rule: "USER-009", tests: tests, file: role,
			from: "return []Role{RoleUser, RoleSeller, RoleVerifier, RoleSupport, RoleCatalog}",
			to:   "return Roles()",
		},
		{
			name: "owner-changes-his-own-roles", rule: "USER-009", tests: tests, file: role,
			from: "if actor.ID == target.ID {",
			to:   "if actor.ID == target.ID && !actor.Has(RoleOwner) {",
		},
		{
			name: "admin-bans-an-owner", rule: "USER-009", tests: tests, file: role,
			from: "case target.Has(RoleOwner) && !actor.Has(RoleOwner):",
			to:   "case target.Has(RoleOwner) && !actor.Has(RoleOwner, RoleAdmin):",
		},
		{
			name: "audit-tells-the-wrong-past", rule: "USER-009", tests: tests, file: "internal/user/service/admin.go",
			from: `map[string]any{"roles": o.target.Roles}`,
			to:   `map[string]any{"roles": next}`,
		},
	}
}
