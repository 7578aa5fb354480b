// One file on its way to the server: announced, sent in parts, looked at (DESIGN section 9). No framework and no page in here: the
// console and the widget both use it, each with its own way to ask.

export type FileState = 'uploading' | 'checking' | 'ready' | 'quarantined' | 'refused'

/** How a file stands, as the server tells it. */
export interface Stand {
  id: string
  state: FileState
  kind: 'image' | 'document' | 'audio' | 'video' | 'other'
  name: string
  type: string
  size: number
  w?: number
  h?: number
  /** Why it was refused. */
  reason?: string
  part_size: number
  parts: number
  /** The parts that are there, from 1. */
  have?: readonly number[] | null
}

/** How requests go out. What fails is thrown as something with a status: 0 where no answer came. */
export interface Way {
  begin(room: string, file: { id: string; name: string; type?: string; size: number }, signal: AbortSignal): Promise<Stand>
  stand(id: string, signal?: AbortSignal): Promise<Stand>
  part(id: string, n: number, bytes: Blob, signal: AbortSignal, told: (bytes: number) => void): Promise<void>
  complete(id: string, signal: AbortSignal): Promise<Stand>
  drop(id: string): Promise<void>
}

/** What a way throws. */
export interface Failure {
  status: number
  message: string
  /** Seconds. */
  retryAfter?: number
}

export interface Upload {
  way: Way
  room: string
  /** Chosen here, so that a repeat finds what was begun. */
  client: string
  /** The server's id, where it was begun before: then the server is asked which parts are there. */
  known?: string
  signal: AbortSignal
  /** How many bytes have arrived. */
  told: (bytes: number) => void
  /** Hears of the server's id as soon as there is one. */
  begun: (stand: Stand) => void
  pause?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Failures in a row after which a person has to say that it shall go on. */
const tries = 5

/**
 * Sends a file whole, and gives how it stands then: ready, being checked, or refused. What fails in passing is tried again after a pause, and
 * the server says each time which parts are missing. It throws what is final, and what went on failing.
 */
export async function upload(file: Blob & { name: string }, one: Upload): Promise<Stand> {
  let id = one.known
  for (let failed = 0; ;) {
    try {
      const stand = id
        ? await one.way.stand(id, one.signal)
        : await one.way.begin(one.room, { id: one.client, name: file.name, size: file.size, ...(file.type ? { type: file.type } : {}) }, one.signal)
      id = stand.id
      one.begun(stand)
      if (stand.state !== 'uploading') return stand
      await sendParts(file, stand, one, () => { failed = 0 })
      return await one.way.complete(id, one.signal)
    } catch (error) {
      one.signal.throwIfAborted()
      if (!passing(error) || ++failed >= tries) throw error
      await (one.pause ?? pause)(Math.max((error as Failure).retryAfter ?? 0, 0.5 * 2 ** failed) * 1_000, one.signal)
    }
  }
}

/** One after the other: a part is sealed and stored before the next begins, and a slow line is not shared. */
async function sendParts(file: Blob, stand: Stand, one: Upload, progress: () => void): Promise<void> {
  const have = new Set(stand.have ?? [])
  const size = (n: number) => Math.min(stand.part_size, stand.size - (n - 1) * stand.part_size)
  let arrived = 0
  for (const n of have) arrived += size(n)
  one.told(arrived)
  for (let n = 1; n <= stand.parts; n++) {
    if (have.has(n)) continue
    const from = (n - 1) * stand.part_size
    await one.way.part(stand.id, n, file.slice(from, from + size(n)), one.signal, (bytes) => { one.told(arrived + Math.min(bytes, size(n))) })
    arrived += size(n)
    one.told(arrived)
    progress()
  }
}

/** Whether the same may work in a moment. A file that changed on the disk meanwhile can't be read, and has no status. */
function passing(error: unknown): boolean {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
  return status === 0 || status === 429 || status === 408 || (typeof status === 'number' && status >= 500)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, stopped) => {
    const end = () => {
      clearTimeout(timer)
      removeEventListener('online', end)
      signal.removeEventListener('abort', end)
      if (signal.aborted) stopped(signal.reason as Error)
      else done()
    }
    const timer = setTimeout(end, ms)
    addEventListener('online', end)
    signal.addEventListener('abort', end)
  })
}

/**
 * Sends bytes with word of how many have gone, which fetch does not give. It ends with the status and the text of the answer; 0 says that none
 * came.
 */
export function sendBytes(method: string, address: string, bytes: Blob, headers: Record<string, string>, signal: AbortSignal, told: (bytes: number) => void): Promise<{ status: number; text: string }> {
  return new Promise((done, stopped) => {
    const request = new XMLHttpRequest()
    const abort = () => { request.abort() }
    request.open(method, address)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = (event) => { told(event.loaded) }
    request.onloadend = () => {
      signal.removeEventListener('abort', abort)
      if (signal.aborted) stopped(signal.reason as Error)
      else done({ status: request.status, text: request.responseText })
    }
    signal.addEventListener('abort', abort)
    request.send(bytes)
  })
}
