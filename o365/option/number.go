package option

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseInt accepts digits only: no sign, no separators.
func parseInt(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%s is not a whole number", quote(text))
	}
	return int(n), nil
}

// parseSize returns bytes. The units are powers of ten, as in Fluent Bit
// (flb_utils.c, flb_utils_size_to_bytes): k, m and g, in any case, with or without
// a b after them.
func parseSize(text string) (int64, error) {
	digits := strings.TrimRight(text, "kKmMgGbB")
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%s is not a size", quote(text))
	}
	unit := uint64(1)
	switch strings.ToLower(text[len(digits):]) {
	case "":
	case "k", "kb":
		unit = 1e3
	case "m", "mb":
		unit = 1e6
	case "g", "gb":
		unit = 1e9
	default:
		return 0, fmt.Errorf("%s is not a size", quote(text))
	}
	if n > math.MaxInt64/unit {
		return 0, fmt.Errorf("%s is not a size", quote(text))
	}
	return int64(n * unit), nil
}

// parseDuration accepts what [time.ParseDuration] accepts, without a sign and in
// any case, and days of 24 hours before the rest: 7d, 1d12h.
func parseDuration(text string) (time.Duration, error) {
	bad := fmt.Errorf("%s is not a duration", quote(text))
	rest := strings.ToLower(text)
	if strings.ContainsAny(rest, "+-") {
		return 0, bad
	}
	var days time.Duration
	if number, after, found := strings.Cut(rest, "d"); found {
		if strings.Trim(number, "0123456789.") != "" {
			return 0, bad
		}
		hours, err := time.ParseDuration(number + "h")
		if err != nil || hours > math.MaxInt64/24 {
			return 0, bad
		}
		days, rest = 24*hours, after
		if rest == "" {
			return days, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d > math.MaxInt64-days {
		return 0, bad
	}
	return days + d, nil
}
