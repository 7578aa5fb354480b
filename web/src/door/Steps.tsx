import { useCallback, useMemo, useState } from 'react'
import { Problem } from '~/api/problem'
import { Agreement } from './Agreement'
import { ask, type SigninState } from './ask'
import { Enrolment } from './Enrolment'
import { Factor } from './Factor'
import { next } from './next'
import { Renew } from './Renew'
import { Waiting } from './parts'
import { words } from './words'

/** Leaves the doors for the console. */
export function enter(): void {
  location.assign(next(new URLSearchParams(location.search).get('next')))
}

/** Pays a step, and learns whether the sign-in still stands when that is refused. */
export type Pay = <T>(what: Promise<T>) => Promise<T>

export interface StepProps {
  company: string
  email?: string
  step: SigninState
  moved: boolean
  pay: Pay
  then: (s: SigninState) => void
  /** Begins again, as anybody. */
  leave: () => void
}

/** What a sign-in owes, one step after the other, until it is paid. */
export function Steps({ company, email, first, moved, lost }: {
  company: string
  email?: string
  first: SigninState
  moved: boolean
  /** The sign-in is no more: because it took too long, or because the person would rather begin again. */
  lost: (tooLate: boolean) => void
}) {
  const [now, setNow] = useState({ step: first, moved, count: 0 })
  const then = useCallback((step: SigninState) => { setNow((before) => ({ step, moved: true, count: before.count + 1 })) }, [])
  const pay = useMemo<Pay>(() => (what) => paying(what, () => { lost(true) }), [lost])
  const leave = () => {
    void ask.signout().catch(() => undefined).finally(() => { lost(false) })
  }
  const shared: StepProps & { key: number } = { key: now.count, company, email, step: now.step, moved: now.moved, pay, then, leave }
  const { key, ...props } = shared
  switch (now.step.state === 'owed' ? now.step.owed : undefined) {
    case 'factor':
      return <Factor key={key} {...props} />
    case 'enrol':
      return <Enrolment key={key} {...props} />
    case 'password':
      return <Renew key={key} {...props} />
    case 'agreement':
      return <Agreement key={key} company={company} moved={now.moved} pay={pay} done={then} />
    case undefined:
      return <Entering />
  }
}

/** The last step is paid. */
function Entering() {
  useState(() => { enter() })
  return <Waiting title={words.signin.title} />
}

/**
 * A refusal may be about what was typed, or about a sign-in that is too old. The door knows: where it stands at no step
 * any more, the person begins again, and is told so.
 */
export async function paying<T>(what: Promise<T>, lost: () => void, door: () => Promise<{ step?: unknown; signed_in: boolean }> = ask.door): Promise<T> {
  try {
    return await what
  } catch (e) {
    if (!(e instanceof Problem) || (e.status !== 401 && e.status !== 403 && e.status !== 410)) throw e
    const now = await door().catch(() => undefined)
    if (now && !now.step && !now.signed_in) lost()
    throw e
  }
}
