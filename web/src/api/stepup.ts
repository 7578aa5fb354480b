import { Problem } from './problem'

// The step-up of the whole console (DESIGN section 5): an answer of the kind "step-up" asks the person to prove again
// who they are, and the request is repeated once. Callers see one answer, and need to do nothing.

type Prove = () => Promise<boolean>
let prove: Prove = () => Promise.resolve(false)
let proving: Promise<boolean> | undefined

/** Says how the person proves it again: true when it worked, false when they would rather not. The program sets it once. */
export function onStepUp(how: Prove): void {
  prove = how
}

/** Requests that ask at the same time share one proof. */
function proveOnce(): Promise<boolean> {
  proving ??= prove().finally(() => { proving = undefined })
  return proving
}

const changing = new Set<Promise<unknown>>()

/** Ends when the changes that are under way now have their answers: a step-up's brings a new cookie. */
export async function changesDone(): Promise<void> {
  await Promise.allSettled(changing)
}

function send(request: Request): Promise<Response> {
  const answer = fetch(request)
  if (request.method !== 'GET') {
    changing.add(answer)
    const done = () => { changing.delete(answer) }
    answer.then(done, done)
  }
  return answer
}

/** Like fetch; asks for a step-up when the server does, then repeats the request once. */
export async function steppedFetch(request: Request): Promise<Response> {
  const again = request.clone() // a body can be read once only
  const answer = await send(request)
  if (!(await wanted(answer))) return answer
  if (await proveOnce()) return send(again)
  return new Response(JSON.stringify(Problem.unproved), { status: answer.status, headers: { 'Content-Type': 'application/problem+json' } })
}

async function wanted(answer: Response): Promise<boolean> {
  if (answer.status !== 403) return false
  const said: unknown = await answer.clone().json().catch(() => undefined)
  return typeof said === 'object' && said !== null && 'type' in said && said.type === '/problems/step-up'
}
