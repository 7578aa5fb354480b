import { Button } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { Field, Fields, Notice } from '~/look'
import { date, moment } from '../format'
import forms from '../forms/Forms.module.css'
import { useArchive, useCertificate } from './downloads'
import styles from './Erasure.module.css'
import type { Erasure, Kept } from './queries'
import { words } from './words'

const text = words.wizard

/** What the erasure takes, leaves and can't reach, or what stands in its way. */
export function GoesStep({ heading, kept, busy, again, next, close }: {
  heading: ReactNode
  kept: Kept
  busy: boolean
  again: () => void
  next: () => void
  close: () => void
}) {
  const free = !kept.contact.erased && (kept.open ?? []).length === 0 && (kept.holds ?? []).length === 0
  return (
    <div className={forms.stack}>
      {heading}
      <InTheWay kept={kept} close={close} />
      {!kept.contact.erased && <What kept={kept} />}
      <div className={forms.foot}>
        <Button variant="default" onClick={close}>{free ? words.cancel : words.close}</Button>
        {free ? <Button onClick={next}>{text.next}</Button>
        : !kept.contact.erased && <Button variant="default" loading={busy} onClick={again}>{text.again}</Button>}
      </div>
    </div>
  )
}

function InTheWay({ kept, close }: { kept: Kept; close: () => void }) {
  const open = kept.open ?? []
  const holds = kept.holds ?? []
  return (
    <>
      {kept.contact.erased && <Notice title={text.erasedTitle}>{text.erasedText}</Notice>}
      {holds.length > 0 && (
        <Notice tone="danger" title={text.holdTitle} action={<Link to="/admin/erasure" onClick={close}>{text.holdLink}</Link>}>
          <ul className={styles.bare}>
            {holds.map((hold) => <li key={hold.id}>{hold.reason} <span className={styles.dim}>{words.holds.by(hold.placed_by.name, date(hold.placed_at))}</span></li>)}
          </ul>
        </Notice>
      )}
      {open.length > 0 && (
        <Notice tone="warn" title={text.openTitle(open.length)}>
          {open.length === 1 ? text.openText : text.openTextMany}
          <ul className={styles.bare}>
            {open.map((enquiry, i) => (
              <li key={enquiry}><Link to="/inbox/$enquiry" params={{ enquiry }} search={{ view: 'all' }} onClick={close}>{text.openLink(i + 1, open.length)}</Link></li>
            ))}
          </ul>
        </Notice>
      )}
    </>
  )
}

function What({ kept }: { kept: Kept }) {
  return (
    <div className={styles.what}>
      <p>{text.lead}</p>
      <h4>{text.goes}</h4>
      <ul>
        <li>{text.goesName}</li>
        <li>{text.goesSaid(kept.enquiries, kept.messages)}</li>
        <li>{text.goesFiles(kept.files)}</li>
        <li>{text.goesBrowser}</li>
        <li>{text.goesLog}</li>
      </ul>
      <h4>{text.stays}</h4>
      <p>{text.staysText}</p>
      <h4>{text.beyond}</h4>
      <p>{text.beyondText}</p>
      <ul>{text.beyondList.map((one) => <li key={one}>{one}</li>)}</ul>
    </div>
  )
}

/** Offers the archive while there is one. */
export function CopyStep({ heading, contact, copied, done, next, back }: {
  heading: ReactNode
  contact: string
  copied: boolean
  done: () => void
  next: () => void
  back: () => void
}) {
  const { mutate, isPending } = useArchive(true)
  return (
    <div className={forms.stack}>
      {heading}
      <p className={styles.why}>{text.copyText}</p>
      <div role="status">{copied && <Notice tone="good" title={text.copyDone}>{text.copyDoneText}</Notice>}</div>
      <div>
        <Button variant="default" leftSection={<IconDownload size={17} aria-hidden />} loading={isPending} onClick={() => { mutate(contact, { onSuccess: done }) }}>
          {copied ? text.copyAgain : text.copyGet}
        </Button>
      </div>
      <div className={forms.foot}>
        <Button variant="default" onClick={back}>{text.back}</Button>
        <Button disabled={isPending} onClick={next}>{copied ? text.next : text.without}</Button>
      </div>
    </div>
  )
}

/** What was done, and the proof of it. */
export function DoneStep({ erasure, close }: { erasure: Erasure; close: () => void }) {
  const { mutate, isPending } = useCertificate()
  const first = useRef<HTMLButtonElement>(null)
  useEffect(() => { first.current?.focus() }, [])
  return (
    <div className={forms.stack}>
      <div role="status"><p className={styles.why}>{text.doneText}</p></div>
      <Fields>
        <Field name={words.id}><code className={styles.id}>{erasure.contact}</code></Field>
        <Field name={text.at}>{moment(erasure.at)}</Field>
        <Field name={text.by}>{erasure.by.name}</Field>
        <Field name={text.went}>{words.kept(erasure)}</Field>
        <Field name={text.live}>{text.liveText}</Field>
        <Field name={text.backups}>{erasure.keys_until ? text.backupsBy(date(erasure.keys_until)) : words.certificates.noBackups}</Field>
      </Fields>
      <div className={forms.foot}>
        <Button variant="default" onClick={close}>{words.close}</Button>
        <Button ref={first} leftSection={<IconDownload size={17} aria-hidden />} loading={isPending} onClick={() => { mutate(erasure.id) }}>{text.get}</Button>
      </div>
    </div>
  )
}
