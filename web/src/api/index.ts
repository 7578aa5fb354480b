export { api, exportAudit, onSignedOut, take } from './client'
export type { AuditFilter } from './paths'
export { Problem, sentence } from './problem'
export type {
  AuditRecord, Enquiries, Enquiry, EnquiryState, Level, Me, Member, Message, Person, Role, Site, Sites, StaffState, View, Workspace,
} from './types'
