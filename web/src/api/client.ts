import createClient from 'openapi-fetch'
import type { paths } from './schema'
import { attended, backgroundHeader } from './attended'
import { noteOutage } from './outage'
import { Problem, problemOf } from './problem'
import { changesDone, steppedFetch } from './stepup'

type Left = () => void
let left: Left = () => undefined

/** Says what happens when the server no longer knows the session. The program sets it once, at its start. */
export function onSignedOut(then: Left): void {
  left = then
}

const client = createClient<paths>({ baseUrl: '/', credentials: 'same-origin', cache: 'no-store', fetch: patientFetch })

// Unsafe requests say that they are JSON even when they carry nothing: the server refuses forms (ASVS 4.1.1).
client.use({
  onRequest({ request }) {
    if (request.method !== 'GET') request.headers.set('Content-Type', 'application/json')
    else if (!attended()) request.headers.set(backgroundHeader, '1')
    return request
  },
})

/** The operations of the API. Wrap each call in take(), which returns the data or throws a Problem. */
export const api = client

/**
 * A request that left with the token of before a step-up or a change of the password is refused, though the person is signed in.
 * So a refusal is believed only when the door says the same, and what was only read is read again.
 */
async function patientFetch(request: Request): Promise<Response> {
  const again = request.method === 'GET' ? request.clone() : undefined
  const answer = await steppedFetch(request)
  await noteOutage(request, answer)
  if (answer.status !== 401) return answer
  const known = await signedIn()
  const now = known && again ? await fetch(again) : answer
  if (known === false || now !== answer && now.status === 401) left()
  return now
}

let asking: Promise<boolean | undefined> | undefined

/**
 * Whether this browser is signed in here, by the cookie that it has now; undefined where nobody can tell. Who asks at the same
 * time gets one answer. What may bring a new cookie is waited for.
 */
export function signedIn(): Promise<boolean | undefined> {
  asking ??= askDoor().finally(() => { asking = undefined })
  return asking
}

async function askDoor(): Promise<boolean | undefined> {
  await changesDone()
  try {
    const answer = await fetch('/api/v1/door', { credentials: 'same-origin', cache: 'no-store', headers: { [backgroundHeader]: '1' } })
    if (!answer.ok) return answer.status === 401 ? false : undefined // who may not be here at all is refused at the door too
    return ((await answer.json()) as { signed_in?: boolean }).signed_in === true
  } catch {
    return undefined
  }
}

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

export async function take<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await asked
  } catch {
    throw Problem.unreachable()
  }
  if (answer.response.ok) return answer.data as T
  throw problemOf(answer.response.status, answer.error)
}

/** The ledger as JSON Lines. It is a download, so it does not go through the typed client. */
export function exportAudit(): Promise<Blob> {
  return bytes(new Request('/api/v1/audit/export', {
    method: 'POST', credentials: 'same-origin', headers: { 'Content-Type': 'application/json' }, body: '{}',
  }))
}

/** A file of a conversation: a picture that was encoded anew, or what was sent, byte for byte. The server enters the latter in the ledger. */
export function readFile(id: string, what: 'thumb' | 'view' | 'content', signal?: AbortSignal): Promise<Blob> {
  return bytes(new Request(`/api/v1/files/${encodeURIComponent(id)}/${what}`, {
    credentials: 'same-origin', cache: 'no-store', headers: what === 'content' || attended() ? {} : { [backgroundHeader]: '1' }, ...(signal ? { signal } : {}),
  }))
}

async function bytes(request: Request): Promise<Blob> {
  let response: Response
  try {
    response = await patientFetch(request)
    if (response.ok) return await response.blob()
  } catch (error) {
    request.signal.throwIfAborted()
    throw error instanceof Problem ? error : Problem.unreachable()
  }
  throw problemOf(response.status, await response.json().catch(() => ({})))
}
