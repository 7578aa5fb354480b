import { ActionIcon, Button, Modal, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { IconDeviceMobile, IconFingerprint, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react'
import { type Ref, useEffect, useRef, useState } from 'react'
import { api, type Factor, type FactorMade, type Factors as All, type Me, Problem, sentence, take } from '~/api'
import { Failed, Notice, Tag, toast } from '~/look'
import { Enrol, type Enroller } from '~/proof/Enrol'
import { Recovery } from '~/proof/Recovery'
import { words as proof } from '~/proof/words'
import { date, moment, time } from '../format'
import forms from '../forms/Forms.module.css'
import { Bones, Confirm } from '../forms/parts'
import styles from './Account.module.css'
import { words } from './words'

const w = words.factors

const by: Enroller<FactorMade> = {
  mailCode: () => take(api.POST('/api/v1/me/factors/mail-code')),
  totp: () => take(api.POST('/api/v1/me/factors/totp')),
  confirmTotp: (body) => take(api.POST('/api/v1/me/factors/totp/confirm', { body })),
  passkey: () => take(api.POST('/api/v1/me/factors/passkey')),
  confirmPasskey: (body) => take(api.POST('/api/v1/me/factors/passkey/confirm', { body })),
}

type Open = { add: 'totp' | 'passkey' } | { rename: Factor } | { remove: Factor } | { renew: true } | { codes: readonly string[] }

/** Second factors: what there is, what can be added, and the recovery codes. */
export function Factors({ me }: { me: Me }) {
  const client = useQueryClient()
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['factors'], queryFn: () => take(api.GET('/api/v1/me/factors')) })
  const [open, setOpen] = useState<Open>()
  if (isPending) return <Bones />
  if (!data) return <Failed text={`${w.failed} ${sentence(error)}`} again={() => void refetch()} />
  const close = () => { setOpen(undefined) }
  const again = () => {
    void client.invalidateQueries({ queryKey: ['factors'] })
    void client.invalidateQueries({ queryKey: ['me'] })
  }
  return (
    <div className={forms.stack}>
      <Asked me={me} data={data} />
      <List data={data} open={setOpen} again={again} />
      <div className={styles.row}>
        <Button variant={(data.items ?? []).length === 0 ? 'filled' : 'default'} leftSection={<IconPlus size={16} aria-hidden />} onClick={() => { setOpen({ add: 'passkey' }) }}>{w.addPasskey}</Button>
        {!data.phishing_resistant && <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => { setOpen({ add: 'totp' }) }}>{w.addTotp}</Button>}
      </div>
      {(data.items ?? []).length > 0 && <Codes data={data} renew={() => { setOpen({ renew: true }) }} />}
      {open && 'add' in open && <Add kind={open.add} data={data} email={me.email} close={close} added={again} />}
      {open && 'rename' in open && <Rename factor={open.rename} close={close} done={again} />}
      {open && 'remove' in open && <Remove factor={open.remove} close={close} done={again} />}
      {open && 'renew' in open && <Renew close={close} done={(codes) => { again(); setOpen({ codes }) }} />}
      {open && 'codes' in open && <Shown codes={open.codes} close={close} />}
    </div>
  )
}

/** What the workspace wants, where this person does not have it yet. */
function Asked({ me, data }: { me: Me; data: All }) {
  if (me.needs_factor_message) return <Notice title={w.from(me.workspace.company)}>{me.needs_factor_message}</Notice>
  const enough = (data.items ?? []).some((one) => one.phishing_resistant || !data.phishing_resistant)
  if (data.elsewhere && !enough) return <Notice>{w.elsewhere}</Notice>
  if (!data.required || enough) return null
  return <Notice tone="warn">{data.phishing_resistant ? w.wantsResistant(me.workspace.company) : w.wants(me.workspace.company)}</Notice>
}

function List({ data, open, again }: { data: All; open: (what: Open) => void; again: () => void }) {
  const items = data.items ?? []
  if (items.length === 0) return <p className={forms.lead}>{w.none}</p>
  return (
    <ul className={styles.list} aria-label={w.list}>
      {items.map((one) => <Row key={one.id} one={one} resistant={data.phishing_resistant} open={open} again={again} />)}
    </ul>
  )
}

function Row({ one, resistant, open, again }: { one: Factor; resistant: boolean; open: (what: Open) => void; again: () => void }) {
  const end = useEnd(one.removal_at)
  return (
    <li className={one.removal_at ? styles.wraps : undefined}>
      <span className={styles.mark} aria-hidden>{one.kind === 'passkey' ? <IconFingerprint size={20} /> : <IconDeviceMobile size={20} />}</span>
      <div className={forms.grow}>
        <strong>
          {one.name} {one.here_only && <Tag>{w.hereOnly}</Tag>} {resistant && !one.phishing_resistant && <Tag tone="warn">{w.notEnough}</Tag>}
          {one.removal_at && <Tag tone="warn">{w.goes(at(one.removal_at))}</Tag>}
        </strong>
        <span className={styles.small}>{w.kinds[one.kind]}, {w.added(date(one.created_at))}. {one.used_at ? w.used(moment(one.used_at)) : w.unused}</span>
      </div>
      {one.removal_at && <Keep factor={one} button={end} done={again} />}
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={w.renameOf(one.name)} onClick={() => { open({ rename: one }) }}><IconPencil size={18} /></ActionIcon>
      {!one.removal_at && <ActionIcon ref={end} variant="subtle" color="gray" size="lg" aria-label={w.removeOf(one.name)} onClick={() => { open({ remove: one }) }}><IconTrash size={18} /></ActionIcon>}
    </li>
  )
}

/** The button that ends or keeps: one takes the other's place, and the focus, which would be lost with the one that goes. */
function useEnd(removal: string | undefined) {
  const button = useRef<HTMLButtonElement>(null)
  const before = useRef(removal)
  useEffect(() => {
    if (before.current !== removal && document.activeElement === document.body) button.current?.focus()
    before.current = removal
  }, [removal])
  return button
}

function Keep({ factor, button, done }: { factor: Factor; button: Ref<HTMLButtonElement>; done: () => void }) {
  const { mutate, isPending } = useMutation({
    mutationFn: () => take(api.POST('/api/v1/me/factors/{id}/keep', { params: { path: { id: factor.id } } })),
    onSuccess: () => { toast(w.kept(factor.name)) },
    onError: (error) => { toast(sentence(error), 'bad') },
    onSettled: done, // what was kept or removed elsewhere shows too
  })
  return <Button ref={button} variant="default" size="xs" loading={isPending} aria-label={w.keepOf(factor.name)} onClick={() => { mutate() }}>{w.keep}</Button>
}

const at = (moment: string) => `${date(moment)}, ${time(moment)}`

/** Says beforehand whether it goes at once. */
function Remove({ factor, close, done }: { factor: Factor; close: () => void; done: () => void }) {
  const waits = factor.removal_waits
  return (
    <Confirm danger title={w.removeTitle(factor.name)} text={waits ? w.removeLaterText : w.removeText} yes={waits ? w.removeLater : w.remove} close={close}
      act={() => take(api.DELETE('/api/v1/me/factors/{id}', { params: { path: { id: factor.id } } }))}
      done={({ removal_at }) => { toast(removal_at ? w.removedLater(factor.name, at(removal_at)) : w.removed(factor.name)); done() }}>
      {waits && <ul className={styles.plain}>{w.removeLaterHow.map((line) => <li key={line}>{line}</li>)}</ul>}
    </Confirm>
  )
}

function Codes({ data, renew }: { data: All; renew: () => void }) {
  const few = data.recovery_left <= 3
  return (
    <div className={styles.codes}>
      <div className={forms.grow}>
        <h3 className={styles.heading}>{w.codes} <Tag tone={few ? 'warn' : 'good'}>{w.left(data.recovery_left)}</Tag></h3>
        <span className={styles.small}>{w.codesLead} {data.recovery_made_at && w.made(date(data.recovery_made_at))}</span>
      </div>
      <Button variant="default" onClick={renew}>{w.renew}</Button>
    </div>
  )
}

/** The steps of a new factor, then its recovery codes where they are the first. */
function Add({ kind, data, email, close, added }: { kind: 'totp' | 'passkey'; data: All; email: string; close: () => void; added: () => void }) {
  const [codes, setCodes] = useState<readonly string[]>([])
  if (codes.length > 0) return <Shown codes={codes} close={close} />
  const done = (made: FactorMade) => {
    added()
    if ((made.recovery_codes ?? []).length > 0) {
      setCodes(made.recovery_codes ?? [])
      return
    }
    toast(w.addedNow(made.item.name))
    close()
  }
  return (
    <Modal opened onClose={close} closeOnClickOutside={false} title={kind === 'passkey' ? w.addPasskey : w.addTotp} size={460}>
      <Enrol by={by} mailed={data.mail_code} email={email} resistant={data.phishing_resistant} only={kind} done={done} left={close} />
    </Modal>
  )
}

/** Codes that are shown once: nothing closes them but the person who has kept them. */
function Shown({ codes, close }: { codes: readonly string[]; close: () => void }) {
  return (
    <Modal opened onClose={() => undefined} closeOnClickOutside={false} closeOnEscape={false} withCloseButton={false} title={proof.recovery.title} size={460}>
      <Recovery codes={codes} done={close} next={w.done} />
    </Modal>
  )
}

function Renew({ close, done }: { close: () => void; done: (codes: readonly string[]) => void }) {
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => take(api.POST('/api/v1/me/recovery-codes')),
    onSuccess: (made) => { done(made.codes ?? []) },
  })
  return (
    <Modal opened onClose={close} title={w.renewTitle}>
      <div className={forms.stack}>
        <p className={forms.lead}>{w.renewText}</p>
        {error && !(error instanceof Problem && error.unproved) && <Notice tone="danger">{sentence(error)}</Notice>}
      </div>
      <div className={forms.foot}>
        <Button variant="default" data-autofocus onClick={close}>{words.cancel}</Button>
        <Button loading={isPending} onClick={() => { mutate() }}>{w.renew}</Button>
      </div>
    </Modal>
  )
}

function Rename({ factor, close, done }: { factor: Factor; close: () => void; done: () => void }) {
  const [name, setName] = useState(factor.name)
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => take(api.PATCH('/api/v1/me/factors/{id}', { params: { path: { id: factor.id } }, body: { name: name.trim() } })),
    onSuccess: () => { toast(words.saved); done(); close() },
  })
  const wrong = name.trim() === '' ? proof.passkey.nameMissing : error && !(error instanceof Problem && error.unproved) ? sentence(error) : undefined
  return (
    <Modal opened onClose={close} title={w.renameTitle(factor.name)}>
      <form className={forms.stack} onSubmit={(event) => { event.preventDefault(); if (name.trim() !== '') mutate() }}>
        <TextInput label={w.name} value={name} maxLength={60} autoComplete="off" data-autofocus error={wrong} onChange={(event) => { setName(event.currentTarget.value) }} />
        <div className={forms.foot}>
          <Button variant="default" onClick={close}>{words.cancel}</Button>
          <Button type="submit" loading={isPending} disabled={name.trim() === '' || name.trim() === factor.name}>{words.save}</Button>
        </div>
      </form>
    </Modal>
  )
}
