import { Refused, wait } from './api'

/** Everything that the panel says, in one place. */
export const words = {
  chat: (company: string) => `Chat with ${company}`,
  ourChat: 'Chat',
  back: 'All conversations',
  close: 'Close',
  loading: 'One moment…',
  tryAgain: 'Try again',
  write: 'Send us a message',
  again: 'Ask something new',
  name: 'Your name',
  email: 'Your e-mail',
  optional: 'optional',
  question: 'Your question',
  send: 'Send',
  agreeAndSend: 'Agree and send',
  sending: 'Sending…',
  notice: 'Read the privacy notice',
  noticePage: 'Open it on its own page',
  agree: (company: string) => `By sending you agree to the privacy notice of ${company}.`,
  away: 'Nobody is at the desk right now. Leave your question: the answer will wait for you here.',
  nameMissing: 'Please write your name, so that we know how to address you.',
  questionMissing: 'Please write your question.',
  emailWrong: 'Please write the address like name@example.com, or leave it empty.',
  tooLong: (over: number) => `This is ${over} ${over === 1 ? 'character' : 'characters'} too long. Please shorten it.`,
  unreachable:
    'The chat can’t be reached from here. Please check your connection and try again; if it stays so, contact the company in another way.',
  expired: 'Your earlier conversations have expired on this device. You can start a new one.',
  conversation: 'Conversation',
  message: 'Write a message',
  earlier: 'Show earlier messages',
  waiting: 'Waiting for somebody to pick up',
  with: (name: string) => `${name} is with you`,
  closed: 'Closed',
  closedNote: 'This conversation is closed.',
  offline: 'You are offline. What you write waits here and goes out when you are back.',
  reconnecting: 'Reconnecting…',
  typing: (name: string) => `${name} is typing…`,
  someone: 'Staff',
  you: 'You',
  states: { sending: 'Sending…', waiting: 'Waiting for the connection', sent: 'Sent', seen: 'Seen', failed: 'Not sent' },
  retry: 'Try again',
  edit: 'Take back',
  list: 'Your conversations',
  listEmpty: 'No conversations yet.',
  enquiryOf: (when: string) => `Conversation of ${when}`,
  newMessage: (name: string) => `New message from ${name}`,
  unread: 'unread',
  today: 'Today',
  yesterday: 'Yesterday',
  events: {
    opened: () => 'Conversation started',
    picked_up: (name: string) => (name ? `${name} picked up` : 'Picked up'),
    closed: (name: string) => (name ? `Closed by ${name}` : 'Closed'),
    reopened: (name: string) => (name ? `Opened again by ${name}` : 'Opened again'),
    refused: () => 'Closed',
  } as Record<string, (name: string) => string>,
}

const sentence = (s: string) => s.charAt(0).toUpperCase() + s.slice(1) + (/[.!?]$/.test(s) ? '' : '.')

/** What went wrong, in a sentence that says what to do. */
export function explain(error: unknown): string {
  const e = error instanceof Refused ? error : new Refused(0)
  switch (e.status) {
    case 0:
      return 'There is no connection right now. Please check your network and try again.'
    case 400:
    case 422:
      return e.fields.map((f) => sentence(f.reason)).join(' ') || e.detail || 'Please check what you entered.'
    case 401:
      return words.expired
    case 403:
      return 'This chat is not switched on for this website. Please contact the company in another way.'
    case 404:
      return 'This conversation is no longer available. Please start a new one.'
    case 409:
      return e.detail || 'This conversation is closed. Please start a new one.'
    case 413:
      return 'This message is too long. Please send it in shorter parts.'
    case 429:
      return e.retryAfter > 0
        ? `That was a lot at once. Please try again in ${wait(e.retryAfter)}.`
        : 'That was a lot at once. Please wait a moment and try again.'
  }
  return 'Something went wrong on our side. Please try again in a moment.'
}
