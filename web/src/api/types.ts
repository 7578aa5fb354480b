import type { components, paths } from './schema'

/** Short names for the shapes of the HTTP API. schema.d.ts is generated from openapi.json: npm run api. */

type Schemas = components['schemas']

export type Me = Schemas['Me']
export type Level = Me['level']
export type Factor = Schemas['Factor']
export type Factors = Schemas['Factors']
export type FactorMade = Schemas['FactorMade']
export type TotpBegun = Schemas['TOTPBegun']
export type Ceremony = Schemas['PasskeyBegun']
export type Session = Schemas['Session']
export type Token = Schemas['Token']
export type TokenAct = Schemas['TokenAct']
export type Door = Schemas['Door']
export type SigninState = Schemas['SigninState']
export type Enrolled = Schemas['Enrolled']
export type Member = Schemas['Member']
export type StaffState = Member['state']
export type Role = Schemas['Role']
export type Workspace = Schemas['Workspace']
export type Site = Schemas['Site']
export type Sites = Schemas['SiteList']
export type Enquiry = Schemas['Enquiry']
export type EnquiryState = Enquiry['state']
export type Enquiries = Schemas['EnquiryList']
export type Person = Schemas['Author']
export type Message = Schemas['Message']
export type MessageFile = Schemas['MessageFile']
export type Storage = Schemas['Storage']
export type StoredFile = Schemas['StoredFile']
export type Encryption = Schemas['EncryptionView']
export type KeyServer = Schemas['KeyServer']
export type KeyWork = Schemas['KeyWork']
export type AuditRecord = Schemas['AuditEntry']
export type View = NonNullable<NonNullable<paths['/api/v1/enquiries']['get']['parameters']['query']>['view']>
export type AuditFilter = Omit<NonNullable<paths['/api/v1/audit']['get']['parameters']['query']>, 'cursor' | 'limit'>

/** RFC 9457. Every part may be missing: what stands between us and the server answers too. */
export type ProblemBody = Partial<Schemas['Problem']>
