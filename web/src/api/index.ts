export { api, exportAudit, onSignedOut, readFile, signedIn, take } from './client'
export { onOutage, outage, reopened } from './outage'
export { Problem, problemOf, sentence } from './problem'
export { onStepUp } from './stepup'
export type {
  AuditFilter, AuditRecord, Ceremony, Door, Encryption, Enquiries, Enquiry, EnquiryState, Enrolled, Factor, FactorMade, Factors, Level, Me, KeyServer, KeyWork, Member, Message, MessageFile, Person, Role, Session, SigninState, Site,
  Sites, StaffState, Storage, StoredFile, Token, TokenAct, TotpBegun, View, Workspace,
} from './types'
