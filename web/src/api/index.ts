export { api, exportAudit, onSignedOut, signedIn, take } from './client'
export { Problem, sentence } from './problem'
export { onStepUp } from './stepup'
export type {
  AuditFilter, AuditRecord, Ceremony, Door, Enquiries, Enquiry, EnquiryState, Enrolled, Factor, FactorMade, Factors, Level, Me, Member, Message, Person, Role, Session, SigninState, Site,
  Sites, StaffState, Token, TokenAct, TotpBegun, View, Workspace,
} from './types'
