// Package workspace owns what a company is to the server: its record and subdomain, the sites that may carry its widget,
// and three things that every room to its right uses inside its own transaction: the outbox of mails, the budgets that
// count tries, and the answers kept for repeated requests. It also owns the texts of the security and privacy policies.
//
// It refuses: a subdomain that was ever in use (the row outlives the workspace, so that old links and cookies never meet
// a new owner), a site that is no exact https origin, an idempotency key with another body, a mail to anything but one
// address that a row holds.
//
// Security argument. The company's name, mails and kept answers are sealed under the settings key of their workspace; clear are
// ids, times, counters, the subdomain and the listed origins, which DNS and the Origin header show anyway. A site row decides who may
// speak as a visitor's browser, so its clear columns are bound to its sealed one and a row written past the program does
// not count. Budget keys are blind indexes: the table holds no address. Budgets are raised in a transaction of their
// own before the work that they guard, so that a burst can't pass between check and count (ASVS 15.4.2), and hold across nodes
// and restarts. Links in mails come from configuration and a row's subdomain, never from a request (ASVS 4.1.1).
package workspace
