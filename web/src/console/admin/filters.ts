/** What the audit page is asked to show. It stands in the address, so that a view can be linked, kept and gone back to. */
export interface Filters { staff?: string; action?: string; element?: string; from?: string; to?: string }

export const actions = ['Created', 'Updated', 'Deleted', 'Enabled', 'Disabled', 'Viewed', 'Downloaded', 'Signed in', 'Signed out', 'Failed', 'Refused', 'Sent']

/** Kinds of things that the entries of a workspace are about. */
export const elements = [
  'Act', 'API token', 'Archive key', 'Audit log', 'Contact', 'Conversation', 'Conversation head', 'Encryption key', 'Enquiry', 'File', 'Hold', 'Inbox key', 'Invitation', 'Security setting', 'Site', 'Staff', 'Staff IP list', 'Storage setting',
  'Visitor list',
  'Workspace',
]

const id = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const name = /^[\p{L}\p{N}][\p{L}\p{N} -]{0,39}$/u
const day = /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/
const shapes: Record<keyof Filters, RegExp> = { staff: id, action: name, element: name, from: day, to: day }

/** Whether a value of a filter is one that the server can be asked for. */
export function sound(filter: keyof Filters, value: unknown): value is string {
  return typeof value === 'string' && shapes[filter].test(value)
}

/** The filters of an address. Anybody may have written it: what has not the right shape is left out. */
export function filtersOf(search: Record<string, unknown>): Filters {
  return Object.fromEntries(Object.keys(shapes).filter((f) => sound(f as keyof Filters, search[f])).map((f) => [f, search[f]]))
}

/** What a select offers: the known values, and the one that the address asks for. */
export function offered(known: readonly string[], asked = ''): string[] {
  return asked === '' || known.includes(asked) ? [...known] : [...known, asked]
}
