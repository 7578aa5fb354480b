package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/staff"
	"parlatory/internal/guard/access"
)

// Member is a staff member as the list shows it.
type Member struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"`
	Email        string     `json:"email,omitempty" doc:"Shown to those with the data level Full"`
	Role         string     `json:"role"`
	State        string     `json:"state" enum:"invited,active,suspended,deleted"`
	CreatedAt    time.Time  `json:"created_at"`
	InvitedUntil *time.Time `json:"invited_until,omitempty" doc:"Of a link that still works"`
	You          bool       `json:"you"`
	Factor       string     `json:"factor,omitempty" enum:"totp,passkey" doc:"The strongest second factor that counts here; to those who may administer it"`
	Locked       bool       `json:"locked,omitempty" doc:"After too many wrong passwords, for devices that are not known"`
	SeenAt       *time.Time `json:"seen_at,omitempty"`
	Sessions     int        `json:"sessions,omitempty"`
}

// FactorReset says why somebody's second factors are voided here.
type FactorReset struct {
	Reason string `json:"reason" minLength:"1" maxLength:"800"`
}

// MemberList is a page of members.
type MemberList struct {
	Items []Member `json:"items"`
	Next  string   `json:"next,omitempty"`
}

// MemberSearch finds members by name or address.
type MemberSearch struct {
	Search string `json:"search" minLength:"1" maxLength:"100" doc:"Words, each of which stands in the name or, for those who may see it, the address"`
}

// NewMember invites somebody.
type NewMember struct {
	Email string `json:"email" minLength:"1" maxLength:"254"`
	Name  string `json:"name,omitempty" maxLength:"80"`
	Role  string `json:"role" minLength:"1" maxLength:"80"`
}

// MemberEdit is what an administrator changes of somebody.
type MemberEdit struct {
	Role string `json:"role" minLength:"1" maxLength:"80"`
}

// Role is a role and what it grants.
type Role struct {
	Name  string   `json:"name"`
	Level string   `json:"level" enum:"Full,Department,Restricted,None"`
	Acts  []string `json:"acts"`
}

// RoleList is all roles.
type RoleList struct {
	Items []Role `json:"items"`
}

func memberOf(m staff.Member) Member {
	return Member{ID: m.ID.String(), Name: m.Name, Email: m.Email, Role: m.Role, State: string(m.State), CreatedAt: m.CreatedAt,
		InvitedUntil: optional(m.InvitedUntil), You: m.You}
}

// MemberPath names a staff member in the path.
type MemberPath struct {
	ID string `path:"id" format:"uuid"`
}

type memberAnswer struct{ Body Member }

func (a *API) staffRoutes() {
	register(a, huma.Operation{OperationID: "list-staff", Method: http.MethodGet, Path: "/api/v1/staff", Summary: "List the staff"}, staff.ActView, a.listStaff)
	register(a, huma.Operation{OperationID: "find-staff", Method: http.MethodPost, Path: "/api/v1/staff/search", Summary: "Find members by name or address"}, staff.ActView, a.findStaff)
	register(a, huma.Operation{OperationID: "invite-staff", Method: http.MethodPost, Path: "/api/v1/staff", Summary: "Invite somebody by mail", DefaultStatus: http.StatusCreated}, staff.ActInvite,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body NewMember }) (*memberAnswer, error) {
			m, err := a.Staff.Invite(ctx, actor, in.Body.Email, in.Body.Name, in.Body.Role)
			if err != nil {
				return nil, err
			}
			return &memberAnswer{memberOf(m)}, nil
		})
	register(a, huma.Operation{OperationID: "edit-staff", Method: http.MethodPatch, Path: "/api/v1/staff/{id}", Summary: "Give somebody another role"}, staff.ActEdit,
		func(ctx context.Context, actor parlatory.Actor, in *struct {
			MemberPath
			Body MemberEdit
		}) (*memberAnswer, error) {
			id, err := parlatory.ParseID[parlatory.StaffKind](in.ID)
			if err != nil {
				return nil, err
			}
			m, err := a.Staff.SetRole(ctx, actor, id, in.Body.Role)
			if err != nil {
				return nil, err
			}
			return &memberAnswer{memberOf(m)}, nil
		})
	a.memberAct("suspend-staff", "/suspend", "Shut somebody out at once", staff.ActSuspend, a.Staff.Suspend)
	a.memberAct("reactivate-staff", "/reactivate", "Let a suspended person in again", staff.ActReactivate, a.Staff.Reactivate)
	a.invitationAct("resend-invitation", http.MethodPost, "/resend", "Mail a new link; the old one is dead", staff.ActResend, a.Staff.Resend)
	a.invitationAct("revoke-invitation", http.MethodDelete, "/invitation", "Take an invitation back", staff.ActRevoke, a.Staff.Revoke)
	a.invitationAct("send-reset-link", http.MethodPost, "/reset-link", "Mail somebody the link that sets a new password", signin.ActResetLink, a.Signin.SendReset)
	a.invitationAct("unlock-staff", http.MethodPost, "/unlock", "End the lock of somebody at this workspace", signin.ActUnlock, a.Signin.Unlock)
	a.invitationAct("sign-staff-out", http.MethodPost, "/sign-out", "End all that lets somebody in here", signin.ActSignOut, a.Signin.SignOut)
	register(a, huma.Operation{OperationID: "reset-staff-factor", Method: http.MethodPost, Path: "/api/v1/staff/{id}/reset-factor", Summary: "Void somebody's second factors at this workspace", DefaultStatus: http.StatusNoContent}, signin.ActResetFactor,
		func(ctx context.Context, actor parlatory.Actor, in *struct {
			MemberPath
			Body FactorReset
		}) (*nothing, error) {
			id, err := parlatory.ParseID[parlatory.StaffKind](in.ID)
			if err != nil {
				return nil, err
			}
			return &nothing{}, a.Signin.ResetFactor(ctx, actor, id, in.Body.Reason)
		})
	register(a, huma.Operation{OperationID: "list-roles", Method: http.MethodGet, Path: "/api/v1/roles", Summary: "List the roles and what they grant"}, role.ActList, a.listRoles)
}

func (a *API) memberAct(id, suffix, summary string, act access.Act, do func(context.Context, parlatory.Actor, parlatory.StaffID) (staff.Member, error)) {
	register(a, huma.Operation{OperationID: id, Method: http.MethodPost, Path: "/api/v1/staff/{id}" + suffix, Summary: summary}, act,
		func(ctx context.Context, actor parlatory.Actor, in *MemberPath) (*memberAnswer, error) {
			member, err := parlatory.ParseID[parlatory.StaffKind](in.ID)
			if err != nil {
				return nil, err
			}
			m, err := do(ctx, actor, member)
			if err != nil {
				return nil, err
			}
			return &memberAnswer{memberOf(m)}, nil
		})
}

func (a *API) invitationAct(id, method, suffix, summary string, act access.Act, do func(context.Context, parlatory.Actor, parlatory.StaffID) error) {
	register(a, huma.Operation{OperationID: id, Method: method, Path: "/api/v1/staff/{id}" + suffix, Summary: summary, DefaultStatus: http.StatusNoContent}, act,
		func(ctx context.Context, actor parlatory.Actor, in *MemberPath) (*nothing, error) {
			member, err := parlatory.ParseID[parlatory.StaffKind](in.ID)
			if err != nil {
				return nil, err
			}
			return &nothing{}, do(ctx, actor, member)
		})
}

func (a *API) listStaff(ctx context.Context, actor parlatory.Actor, in *struct {
	Cursor string `query:"cursor" maxLength:"36"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"100"`
}) (*memberListAnswer, error) {
	var cursor parlatory.StaffID
	if err := cursor.UnmarshalText([]byte(in.Cursor)); err != nil {
		return nil, parlatory.Invalid("cursor", "is not one that a list gave")
	}
	page, err := a.Staff.List(ctx, actor, cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out, err := a.standing(ctx, actor, page.Items)
	if err == nil && !page.Next.Zero() {
		out.Body.Next = page.Next.String()
	}
	return out, err
}

// findStaff takes what was typed in its body: names stand in no address, where logs would keep them.
func (a *API) findStaff(ctx context.Context, actor parlatory.Actor, in *struct{ Body MemberSearch }) (*memberListAnswer, error) {
	members, err := a.Staff.Find(ctx, actor, in.Body.Search)
	if err != nil {
		return nil, err
	}
	return a.standing(ctx, actor, members)
}

type memberListAnswer struct{ Body MemberList }

func (a *API) standing(ctx context.Context, actor parlatory.Actor, members []staff.Member) (*memberListAnswer, error) {
	standing, err := a.Signin.Standings(ctx, actor, members)
	if err != nil {
		return nil, err
	}
	out := MemberList{Items: make([]Member, 0, len(members))}
	for _, m := range members {
		item, st := memberOf(m), standing[m.ID]
		item.Factor, item.Locked, item.SeenAt, item.Sessions = string(st.Factor), st.Locked, optional(st.SeenAt), st.Sessions
		out.Items = append(out.Items, item)
	}
	return &memberListAnswer{out}, nil
}

// lister is roles that can be shown; what fills access.Roles may be more.
type lister interface {
	List(context.Context, *access.Law, parlatory.Actor) ([]role.View, error)
}

func (a *API) listRoles(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body RoleList }, error) {
	roles, ok := a.Roles.(lister)
	if !ok {
		return nil, parlatory.NotFound()
	}
	views, err := roles.List(ctx, a.Law, actor)
	if err != nil {
		return nil, err
	}
	out := RoleList{Items: make([]Role, 0, len(views))}
	for _, v := range views {
		out.Items = append(out.Items, Role{v.Name, v.Level.String(), v.Acts})
	}
	return &struct{ Body RoleList }{out}, nil
}
