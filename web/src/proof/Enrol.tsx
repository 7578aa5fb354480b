import { Button, TextInput } from '@mantine/core'
import { IconCopy, IconDeviceMobile, IconFingerprint } from '@tabler/icons-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Problem } from '~/api/problem'
import { device } from '~/console/format'
import { Notice, Tag, toast } from '~/look'
import { words as general } from '~/console/forms/words'
import { CodeInput } from './CodeInput'
import { grouped } from './digits'
import styles from './proof.module.css'
import { Qr } from './Qr'
import { said, whole } from './said'
import { canPasskey, makePasskey, type PasskeyJSON, stopPasskey } from './webauthn'
import { words } from './words'

/** How a new factor is made: at the door and in My Account the same steps lead to different addresses. */
export interface Enroller<T> {
  mailCode: () => Promise<unknown>
  totp: () => Promise<Begun>
  confirmTotp: (b: { ceremony: string; code: string; name: string; mail_code?: string }) => Promise<T>
  passkey: () => Promise<{ ceremony: string; options: unknown }>
  confirmPasskey: (b: { ceremony: string; credential: PasskeyJSON; name: string; mail_code?: string }) => Promise<T>
}

/** An entry of an authenticator app that is not proved yet. */
interface Begun { ceremony: string; secret: string; uri: string }

type Stage = 'mail' | 'choose' | 'totp' | 'passkey'

interface Props<T> {
  by: Enroller<T>
  /** The first factor of an account also needs a code that is mailed to its address. */
  mailed: boolean
  email?: string
  /** Only kinds that nobody can be tricked out of. */
  resistant: boolean
  done: (made: T) => void
  /** One kind alone, chosen before. */
  only?: 'totp' | 'passkey'
  /** The person would rather not prove who they are, and nothing has begun. */
  left?: () => void
}

/** A new second factor, step by step: the mailed code where it is asked, the kind, and the kind's own steps. */
export function Enrol<T>({ by, mailed, email, resistant, done, only, left }: Props<T>) {
  const chosen: Stage = only ?? (resistant ? 'passkey' : 'choose')
  const [stage, setStage] = useState<Stage>(mailed ? 'mail' : chosen)
  const [code, setCode] = useState('')
  const [wrong, setWrong] = useState('')
  const [begun, setBegun] = useState<Begun>() // it outlives the way back to the mailed code: the app has scanned it
  const moved = useRef(false)
  const to = (next: Stage) => {
    moved.current = true
    setStage(next)
  }
  const shared = {
    by, done, moved: moved.current, mail_code: code === '' ? undefined : code,
    mailWrong: (text: string) => {
      setWrong(text)
      setCode('')
      to('mail')
    },
    back: chosen === 'choose' ? () => { to('choose') } : undefined,
  }
  switch (stage) {
    case 'mail':
      return <MailCode email={email} send={by.mailCode} wrong={wrong} moved={moved.current} next={(typed) => { setWrong(''); setCode(typed); to(chosen) }} />
    case 'choose':
      return <Choose moved={moved.current} pick={to} />
    case 'totp':
      return <Totp {...shared} begun={begun} setBegun={setBegun} left={left} />
    case 'passkey':
      return <Passkey {...shared} resistant={resistant} />
  }
}

function Heading({ moved, children }: { moved: boolean; children: string }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => { if (moved) heading.current?.focus() }, [moved])
  return <h2 className={styles.heading} tabIndex={-1} ref={heading}>{children}</h2>
}

function Line({ act, children }: { act: () => void; children: string }) {
  return <div className={styles.lines}><button type="button" className={styles.line} onClick={act}>{children}</button></div>
}

/** One thing at a time, and what went wrong with it. */
function useAct(): { busy: boolean; trouble: string; act: (what: () => Promise<void>, refused?: (e: unknown) => boolean) => void; quiet: () => void } {
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState('')
  return {
    busy, trouble,
    quiet: () => { setTrouble('') },
    act: (what, refused) => {
      setBusy(true)
      setTrouble('')
      what().catch((e: unknown) => { if (!refused?.(e)) setTrouble(said(e)) }).finally(() => { setBusy(false) })
    },
  }
}

function MailCode({ email, send, wrong, moved, next }: { email?: string; send: () => Promise<unknown>; wrong: string; moved: boolean; next: (code: string) => void }) {
  const w = words.mailCode
  const [sent, setSent] = useState(wrong !== '')
  const [code, setCode] = useState('')
  const [missing, setMissing] = useState('')
  const { busy, trouble, act } = useAct()
  const mail = () => { act(async () => { await send(); setSent(true); setCode(''); setMissing('') }) }
  return (
    <div className={styles.stack}>
      <Heading moved={moved}>{w.title}</Heading>
      <p className={styles.text}>{w.lead(email)}</p>
      {trouble !== '' && <Notice tone="danger">{trouble}</Notice>}
      {!sent ? <Button size="md" fullWidth loading={busy} onClick={mail}>{w.send}</Button> : (
        <form className={styles.stack} noValidate onSubmit={(event) => { event.preventDefault(); if (code.length === 8) next(code); else setMissing(words.codeShort(8)) }}>
          <p role="status" className={styles.text}>{wrong === '' ? w.sent : ''}</p>
          <CodeInput label={w.label} hint={w.hint} length={8} value={code} set={setCode} error={missing || wrong || undefined} autoFocus full={next} />
          <Button type="submit" size="md" fullWidth>{w.next}</Button>
          <Line act={mail}>{w.again}</Line>
        </form>
      )}
    </div>
  )
}

function Choose({ moved, pick }: { moved: boolean; pick: (kind: 'totp' | 'passkey') => void }) {
  const w = words.choose
  const can = canPasskey()
  return (
    <div className={styles.stack}>
      <Heading moved={moved}>{w.title}</Heading>
      <div className={styles.options}>
        <button type="button" className={styles.option} disabled={!can} onClick={() => { pick('passkey') }}>
          <IconFingerprint aria-hidden />
          <strong>{w.passkey} {can && <Tag tone="good">{w.recommended}</Tag>}</strong>
          <span>{can ? w.passkeyText : words.passkey.unsupported}</span>
        </button>
        <button type="button" className={styles.option} onClick={() => { pick('totp') }}>
          <IconDeviceMobile aria-hidden />
          <strong>{w.totp}</strong>
          <span>{w.totpText}</span>
        </button>
      </div>
    </div>
  )
}

interface KindProps<T> {
  by: Enroller<T>
  done: (made: T) => void
  moved: boolean
  mail_code?: string
  mailWrong: (text: string) => void
  back?: () => void
}

/** The mailed code is judged at the end only, together with the factor: then one goes back to it. */
function aboutMail(e: unknown, back: (text: string) => void): boolean {
  const reason = e instanceof Problem ? e.fields['mail_code'] : undefined
  if (reason === undefined) return false
  back(whole('mail_code', reason))
  return true
}

function Passkey<T>({ by, done, moved, mail_code, mailWrong, back, resistant }: KindProps<T> & { resistant: boolean }) {
  const w = words.passkey
  const [name, setName] = useState(() => device(navigator.userAgent).slice(0, 60))
  const { busy, trouble, act } = useAct()
  useEffect(() => stopPasskey, [])
  if (!canPasskey()) return <div className={styles.stack}><Notice tone="warn">{resistant ? w.unsupportedOnly : w.unsupported}</Notice>{back && <Line act={back}>{words.choose.back}</Line>}</div>
  const make = () => {
    act(async () => {
      const { ceremony, options } = await by.passkey()
      const credential = await makePasskey(options)
      done(await by.confirmPasskey({ ceremony, credential, name: name.trim(), mail_code }))
    }, (e) => aboutMail(e, mailWrong))
  }
  return (
    <form className={styles.stack} noValidate onSubmit={(event) => { event.preventDefault(); if (!busy && name.trim() !== '') make() }}>
      <Heading moved={moved}>{words.choose.passkey}</Heading>
      <p className={styles.text}>{w.lead}</p>
      {trouble !== '' && <Notice tone="danger">{trouble}</Notice>}
      <TextInput size="md" label={w.name} description={w.nameHint} value={name} maxLength={60} autoComplete="off" required withAsterisk={false}
        error={name.trim() === '' ? w.nameMissing : undefined} onChange={(event) => { setName(event.currentTarget.value) }} />
      <Button type="submit" size="md" fullWidth loading={busy} leftSection={<IconFingerprint size={19} aria-hidden />}>{w.make}</Button>
      {back && <Line act={back}>{words.choose.back}</Line>}
    </form>
  )
}

function Totp<T>({ by, done, moved, mail_code, mailWrong, back, begun, setBegun, left }: KindProps<T> & { begun?: Begun; setBegun: (b: Begun) => void; left?: () => void }) {
  const w = words.totp
  const [code, setCode] = useState('')
  const [short, setShort] = useState('')
  const { busy, trouble, act, quiet } = useAct()
  const asked = useRef(false)
  const begin = () => {
    act(async () => { setCode(''); setShort(''); setBegun(await by.totp()) }, (e) => {
      const over = !begun && left !== undefined && e instanceof Problem && e.unproved
      if (over) left()
      return over
    })
  }
  useEffect(() => {
    if (asked.current) return // once, also where effects run twice
    asked.current = true
    if (!begun) begin()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- asked once, when the step opens
  }, [])
  const confirm = (typed: string) => {
    if (!begun || busy) return
    act(async () => { done(await by.confirmTotp({ ceremony: begun.ceremony, code: typed, name: w.name, mail_code })) }, (e) => aboutMail(e, mailWrong))
  }
  return (
    <form className={styles.stack} noValidate onSubmit={(event) => { event.preventDefault(); if (code.length === 6) confirm(code); else setShort(words.codeShort(6)) }}>
      <Heading moved={moved}>{w.scan}</Heading>
      <p className={styles.text}>{w.scanLead}</p>
      <div className={styles.scan}>{begun ? <Qr text={begun.uri} label={w.qr} /> : <div className={styles.qr} data-empty />}</div>
      {begun && <Key secret={begun.secret} />}
      <CodeInput label={w.then} hint={words.codeHint} value={code} set={(typed) => { quiet(); setShort(''); setCode(typed) }} error={short || (begun && trouble ? trouble : undefined)} busy={busy} full={confirm} />
      {!begun && trouble !== '' && <Notice tone="danger">{trouble}</Notice>}
      <Button type="submit" size="md" fullWidth loading={busy}>{w.confirm}</Button>
      <Lines>
        <button type="button" className={styles.line} onClick={begin}>{w.again}</button>
        {back && <button type="button" className={styles.line} onClick={back}>{words.choose.back}</button>}
      </Lines>
    </form>
  )
}

function Lines({ children }: { children: ReactNode }) {
  return <div className={styles.lines}>{children}</div>
}

function Key({ secret }: { secret: string }) {
  const w = words.totp
  const copy = () => { navigator.clipboard.writeText(secret).then(() => { toast(general.copied) }, () => { toast(general.copyFailed, 'bad') }) }
  return (
    <details className={styles.details}>
      <summary>{w.byHand}</summary>
      <div className={styles.key}>
        <code aria-label={w.key} tabIndex={0}>{grouped(secret)}</code>
        <p className={styles.text}>{w.keyHint}</p>
        <Button variant="default" size="xs" leftSection={<IconCopy size={16} aria-hidden />} onClick={copy}>{w.copy}</Button>
      </div>
    </details>
  )
}
