// Package shop is the sample company of the demo: the website of "Harbour & Pine", which carries the widget by one
// script tag as any customer's site would. It owns two static pages and their style. It refuses everything but GET
// and HEAD of the names that it lists, keeps nothing about its visitors, and runs under a strict content policy of its
// own that names the widget's origin and nothing else, so that the demo also shows which policy a site needs.
package shop
