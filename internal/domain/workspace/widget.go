package workspace

import (
	"context"

	"parlatory"
)

// Greeting is what the widget says before the first message.
type Greeting struct {
	Company string
	Text    string
	Privacy Policy
}

// Greet gives what a visitor sees first: the company's name, a line, and the privacy notice that counts.
func (w *Room) Greet(ctx context.Context, actor parlatory.Actor) (Greeting, error) {
	permit, err := w.o.Law.Permit(ctx, actor, ActGreet)
	if err != nil {
		return Greeting{}, err
	}
	v, err := w.read(ctx, permit)
	if err != nil {
		return Greeting{}, err
	}
	p, err := policies()
	if err != nil {
		return Greeting{}, err
	}
	return Greeting{Company: v.Company, Text: "Hello! How can we help you?", Privacy: p.Privacy}, nil
}
