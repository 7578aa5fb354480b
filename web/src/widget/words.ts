import { Refused, wait } from './api'

/** A size as people read it; binary units, as the server's own sentences count. */
function bytes(n: number): string {
  if (n < 1024) return `${n} B`
  if (n < 1 << 20) return `${Math.round(n / 1024)} KB`
  const mega = n / (1 << 20)
  return `${mega < 10 ? mega.toFixed(1) : Math.round(mega)} MB`
}

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
  states: { sending: 'Sending…', waiting: 'Waiting for the connection', sent: 'Sent', seen: 'Seen', failed: 'Not sent', kept: 'Received. It can be read here once the service is fully back.' },
  retry: 'Try again',
  edit: 'Take back',
  noNew: 'New conversations can’t begin right now. What you write here stays; please try again in a few minutes.',
  attach: 'Attach files',
  attached: 'Files of this message',
  drop: 'Drop files here to attach them',
  tooMany: (n: number) => `A message can bring 10 files. ${n === 1 ? 'One file was' : `${n} files were`} left out.`,
  emptyFile: (name: string) => `${name} is empty, so there is nothing to send.`,
  pending: 'Your message goes out when its files are ready.',
  held: (again: boolean) => `One file could not be sent. ${again ? 'Try it again or remove' : 'Remove'} it, then send your message.`,
  percent: (n: number) => `${n} %`,
  file: {
    sending: 'Sending',
    waiting: 'Waiting for the connection',
    checking: 'Being checked for malware…',
    ready: 'Ready',
    failed: 'Could not be sent',
  },
  fileState: (name: string, state: string) => `${name}: ${state}`,
  progress: (name: string) => `Sending ${name}`,
  remove: (name: string) => `Remove ${name}`,
  retryOf: (name: string) => `Try ${name} again`,
  enlarge: (name: string) => `Show ${name} larger`,
  download: 'Download',
  downloadOf: (name: string) => `Download ${name}`,
  play: 'Play',
  playOf: (name: string) => `Play ${name}`,
  fetching: 'Fetching…',
  noPicture: 'This picture can’t be shown right now. Press to try again.',
  noFile: 'This file can’t be fetched right now. Please try again.',
  noSound: 'It can’t be played on this site. Please download it.',
  bytes,
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
  if (e.away && e.detail) return e.detail
  return 'Something went wrong on our side. Please try again in a moment.'
}

/** The same for a file, where the server's own sentence says most. */
export function explainFile(error: unknown): string {
  const e = error instanceof Refused ? error : new Refused(0)
  if (e.status === 0) return words.file.waiting
  if ([409, 413, 429].includes(e.status) && e.detail) return e.detail
  if (e.status === 413) return 'This file is too large.'
  return explain(e)
}
