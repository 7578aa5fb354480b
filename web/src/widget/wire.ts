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
  files?: MessageFile[] | null
}

/** A file of a message. With `w` and `h` it has a view and a thumbnail, in pixels of the view. */
export interface MessageFile {
  id: string
  name: string
  type: string
  kind: 'image' | 'document' | 'audio' | 'video' | 'other'
  size: number
  w?: number
  h?: number
}

/** How a file stands that is on its way. Parts are numbered from 1, each `part_size` bytes long but the last. */
export interface Stand extends MessageFile {
  state: 'uploading' | 'checking' | 'ready' | 'quarantined' | 'refused'
  reason?: string
  part_size: number
  parts: number
  have?: number[] | null
}

/** The answer to a post. One that is kept has no place yet: the real one comes with the same id. */
export interface Place {
  seq: number
  at: string
  kept?: boolean
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
  | { k: 'file'; room: string; file: string }

/** Whether a message is a line of the system and not something that somebody wrote. */
export const isLine = (m: Message) => m.by.kind === 'system' || (m.event !== undefined && m.event !== '')

/** Whether a message is an answer that the visitor wants to hear of. */
export const isAnswer = (m: Message) => m.by.kind === 'staff' && !isLine(m)
