import createClient from 'openapi-fetch'
import type { paths } from './schema'
import { attended, backgroundHeader } from './attended'
import { Problem, problemOf } from './problem'
import { steppedFetch } from './stepup'

type Left = () => void
let left: Left = () => undefined

/** Says what happens when the server no longer knows the session. The program sets it once, at its start. */
export function onSignedOut(then: Left): void {
  left = then
}

const client = createClient<paths>({ baseUrl: '/', credentials: 'same-origin', cache: 'no-store', fetch: steppedFetch })

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
  if (answer.response.status === 401) left()
  throw problemOf(answer.response.status, answer.error)
}

/** The ledger as JSON Lines. It is a download, so it does not go through the typed client. */
export async function exportAudit(): Promise<Blob> {
  let response: Response
  try {
    response = await steppedFetch(new Request('/api/v1/audit/export', {
      method: 'POST', credentials: 'same-origin', headers: { 'Content-Type': 'application/json' }, body: '{}',
    }))
  } catch {
    throw Problem.unreachable()
  }
  if (response.ok) return response.blob()
  if (response.status === 401) left()
  throw problemOf(response.status, await response.json().catch(() => ({})))
}
