// The shapes of the widget's API (/widget/v1) and of the live protocol, as the server sends them. What comes from
// the network is checked where it is used: ids and bodies are only ever shown as text.

export interface Author {
  kind: 'visitor' | 'staff' | 'system'
  id?: string
  name?: string
}

/** A line that the system writes (somebody picked up, closed) has an event; its author is whoever did it. */
export interface Message {
  room: string
  seq: number
  id: string
  by: Author
  at: string
  body: string
  event?: string
}

export interface Enquiry {
  id: string
  room: string
  state: 'Open' | 'Ongoing' | 'Closed'
  question?: string
  opened_at?: string
  head: number
  read: number
  staff_read: number
  staff?: { name: string }
}

export interface Policy {
  version: string
  title: string
  text_md: string
}

export interface Config {
  company: string
  greeting: string
  privacy: Policy
  privacy_notice: string
  waiting_staff: boolean
}

export interface Beginning {
  id: string
  name: string
  email?: string
  question: string
  page?: string
  language?: string
  privacy_version: string
}

export interface Begun {
  token?: string
  enquiry: { id: string; room: string; state: Enquiry['state'] }
  message: Message
}

export interface Page {
  items: Message[]
  head: number
  more?: boolean
}

export type Told =
  | ({ k: 'message' } & Message)
  | { k: 'typing'; room: string; by: Author; on: boolean }
  | { k: 'read'; room: string; seq: number; by: Author }
  | { k: 'enquiry'; room: string; enquiry: string }
  | { k: 'gone'; room: string }

/** Whether a message is a line of the system and not something that somebody wrote. */
export const isLine = (m: Message) => m.by.kind === 'system' || (m.event !== undefined && m.event !== '')

/** Whether a message is an answer that the visitor wants to hear of. */
export const isAnswer = (m: Message) => m.by.kind === 'staff' && !isLine(m)
