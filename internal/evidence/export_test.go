package evidence

// Held is how much memory a line is taken to hold.
func Held(l interface{ held() int }) int { return l.held() }
