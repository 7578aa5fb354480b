import { type ChangeEvent, type FormEvent, useEffect, useRef, useState } from 'react'
import { Problem } from '~/api/problem'
import { said, whole } from '~/proof/said'
import { PasskeyError } from '~/proof/webauthn'
import { words } from './words'

export type Values = Record<string, string>
export type Wrong<V extends Values> = Partial<Record<keyof V, string>>

/** A form of text fields: what is wrong with which field, what went wrong with all, and when to try again. */
export function useForm<V extends Values>(start: V, judge: (v: V) => Wrong<V>, send: (v: V) => Promise<void>) {
  const [values, setValues] = useState(start)
  const [wrong, setWrong] = useState<Wrong<V>>({})
  const [trouble, setTrouble] = useState('')
  const [until, setUntil] = useState(0)
  const [busy, setBusy] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const left = useSecondsTo(until)

  // The first field that needs attention gets the focus, after it was drawn as such.
  useEffect(() => {
    if (Object.keys(wrong).length > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [wrong])

  function refused(e: unknown): void {
    if (e instanceof PasskeyError && e.broken) return
    if (e instanceof Problem && e.status === 429) {
      const seconds = Math.max(1, Math.ceil(e.retryAfter ?? 30))
      setUntil(Date.now() + seconds * 1000)
      setTrouble(words.tooMany(new Date(Date.now() + seconds * 1000)))
      return
    }
    const fields = e instanceof Problem ? e.fields : {}
    const mine: Wrong<V> = {}
    const rest: string[] = []
    for (const [name, reason] of Object.entries(fields)) {
      if (name in values) mine[name as keyof V] = whole(name, reason)
      else rest.push(whole(name, reason))
    }
    setWrong(mine)
    if (Object.keys(mine).length === 0 || rest.length > 0) setTrouble(rest.join(' ') || said(e))
  }

  function change(name: keyof V, value: string): void {
    setValues((v) => ({ ...v, [name]: value }))
    setWrong((w) => (w[name] === undefined ? w : Object.fromEntries(Object.entries(w).filter(([k]) => k !== name)) as Wrong<V>))
  }

  async function submit(): Promise<void> {
    const found = judge(values)
    setWrong(found)
    setTrouble('')
    if (Object.keys(found).length > 0) return
    await run(() => send(values))
  }

  /** Does something beside the form's own button, such as asking for a passkey, with the same care for what goes wrong. */
  async function run(what: () => Promise<void>): Promise<void> {
    setTrouble('')
    setBusy(true)
    try {
      await what()
    } catch (e) {
      refused(e)
    } finally {
      setBusy(false)
    }
  }

  return {
    values,
    busy,
    trouble,
    left,
    refused,
    change,
    run: (what: () => Promise<void>) => { if (!busy && left === 0) void run(what) },
    set: (name: keyof V, value: string) => { setValues((v) => ({ ...v, [name]: value })) },
    form: {
      ref: form,
      noValidate: true,
      onSubmit: (e: FormEvent) => {
        e.preventDefault()
        if (!busy && left === 0) void submit()
      },
    },
    bind: (name: keyof V & string) => ({
      name,
      value: values[name],
      error: wrong[name],
      onChange: (e: ChangeEvent<HTMLInputElement>) => {
        change(name, e.currentTarget.value)
      },
    }),
  }
}

function useSecondsTo(until: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    setNow(Date.now())
    if (until <= Date.now()) return
    const tick = setInterval(() => {
      setNow(Date.now())
      if (Date.now() >= until) clearInterval(tick)
    }, 500)
    return () => { clearInterval(tick) }
  }, [until])
  return Math.max(0, Math.ceil((until - now) / 1000))
}
