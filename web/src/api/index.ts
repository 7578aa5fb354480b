export { api, exportAudit, onSignedOut, take } from './client'
export { Problem, sentence } from './problem'
export { onStepUp } from './stepup'
export type { Ceremony, Enrolled, Factor, Factors, PasswordRules, SessionItem, Token, TokenAct, TotpBegun } from './coming'
export type {
  AuditFilter, AuditRecord, Enquiries, Enquiry, EnquiryState, Level, Me, Member, Message, Person, Role, Site, Sites, StaffState, View, Workspace,
} from './types'
