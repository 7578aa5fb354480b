// Package nodes tests two servers on one PostgreSQL, as they stand in front of a load balancer: what is done at one
// shows at the other.
package nodes
