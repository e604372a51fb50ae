package collector

import "time"

// backoff returns the pause after the n-th failure in a row (n from 1):
// doubling from first up to most, of which a random part (r in [0, 1)) takes
// away up to a half, so that many retries spread out.
func backoff(n int, first, most time.Duration, r float64) time.Duration {
	d := most
	if n < 32 && first<<(n-1) < most {
		d = first << (n - 1)
	}
	return d - time.Duration(r*float64(d)/2)
}

// The pauses of what failed.
const (
	retryFirst = time.Second
	retryMost  = 5 * time.Minute
	// Where somebody has to change something.
	configureFirst = time.Minute
	configureMost  = 15 * time.Minute
	// Between two starts of a subscription (Microsoft's waiting period).
	startPause = 15 * time.Minute
	// How often a blob that does not exist (AF20050) is asked for.
	absentTries = 6
)
