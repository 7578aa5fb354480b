// Whether the workspace is closed for everybody: its keys are away or were withdrawn, so that the server answers 503 to whatever reads
// it. The console says so once, above every page, in the server's own sentence.

let said: string | undefined
const listeners = new Set<() => void>()

function say(now: string | undefined): void {
  if (now === said) return
  said = now
  for (const listener of listeners) listener()
}

/** The server's sentence while the workspace is closed. */
export function outage(): string | undefined {
  return said
}

export function onOutage(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Looks at an answer to something that was read. That one page can be read says nothing of the others, so that only reopened() ends it. */
export async function noteOutage(request: Request, answer: Response): Promise<void> {
  if (request.method !== 'GET' || answer.status !== 503) return
  const body: unknown = await answer.clone().json().catch(() => undefined)
  if (typeof body !== 'object' || body === null || !('type' in body) || body.type !== '/problems/unavailable') return
  if ('detail' in body && typeof body.detail === 'string') say(body.detail)
}

/** The workspace could be read again. */
export function reopened(): void {
  say(undefined)
}
