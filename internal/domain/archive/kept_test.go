package archive_test

import (
	"testing"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
)

// What is announced before an erasure is what it takes then, and what refuses it is named.
func TestWhatIsKeptIsWhatGoes(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p, other := v.visit(t), v.talked(t)
		k, err := v.archive.Kept(t.Context(), v.admin, p.id())
		v.must(t, err)
		if len(k.Open) != 1 || k.Open[0] != p.begun.Enquiry || len(k.Holds) != 0 || k.Contact.Email != "jonas@example.com" {
			t.Errorf("of a contact who waits: %+v", k)
		}
		h, err := v.archive.Place(t.Context(), v.now(v.admin), other.id(), "litigation")
		v.must(t, err)
		if k, err = v.archive.Kept(t.Context(), v.admin, other.id()); err != nil || len(k.Holds) != 1 || k.Holds[0].Reason != "litigation" {
			t.Errorf("under a hold: %+v, %v", k, err)
		}
		_, err = v.archive.Lift(t.Context(), v.now(v.admin), h.ID, "over")
		v.must(t, err)
		k, err = v.archive.Kept(t.Context(), v.admin, other.id())
		v.must(t, err)
		e := v.erase(t, other)
		if len(k.Open)+len(k.Holds) != 0 || k.Enquiries != e.Enquiries || k.Messages != e.Messages || k.Files != e.Files {
			t.Errorf("announced %+v, took %+v", k, e)
		}
		if k, err = v.archive.Kept(t.Context(), v.admin, other.id()); err != nil || !k.Contact.Erased || k.Messages != 0 {
			t.Errorf("afterwards: %+v, %v", k, err)
		}
		_, err = v.archive.Kept(t.Context(), v.admin, parlatory.NewID[parlatory.ContactKind](v.Clock))
		is(t, err, parlatory.KindNotFound)
		_, err = v.archive.Kept(t.Context(), v.dana, p.id())
		is(t, err, parlatory.KindForbidden)
	})
}

// The list has the holds that stand, of this workspace alone, page by page.
func TestStandingHoldsAreListed(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p := v.talked(t)
		var placed []parlatory.RowID
		for _, why := range []string{"first", "second", "third"} {
			h, err := v.archive.Place(t.Context(), v.now(v.admin), p.id(), why)
			v.must(t, err)
			placed = append(placed, h.ID)
		}
		_, err := v.archive.Lift(t.Context(), v.now(v.admin), placed[1], "over")
		v.must(t, err)
		page, err := v.archive.Standing(t.Context(), v.admin, parlatory.RowID{}, 1)
		v.must(t, err)
		if len(page) != 1 || page[0].Reason != "third" || page[0].Name != "Jonas "+secret {
			t.Fatalf("%+v", page)
		}
		page, err = v.archive.Standing(t.Context(), v.admin, page[0].ID, 5)
		v.must(t, err)
		if len(page) != 1 || page[0].Reason != "first" {
			t.Errorf("%+v", page)
		}
		_, err = v.archive.Standing(t.Context(), v.dana, parlatory.RowID{}, 5)
		is(t, err, parlatory.KindForbidden)
		_, stranger := w.Founded(t, "other")
		if page, err = v.archive.Standing(t.Context(), stranger, parlatory.RowID{}, 5); err != nil || len(page) != 0 {
			t.Errorf("of another workspace: %+v, %v", page, err)
		}
		supervisor := w.Hire(t, v.ws, role.Supervisor)
		_, err = v.archive.Standing(t.Context(), supervisor, parlatory.RowID{}, 5)
		is(t, err, parlatory.KindForbidden)
	})
}
