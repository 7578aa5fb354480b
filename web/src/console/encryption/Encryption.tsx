import { Button, Modal, NumberInput, Progress, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { IconCalendarRepeat, IconKey, IconRotateClockwise2 } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { api, type Encryption as Data, sentence, take } from '~/api'
import { Card, Failed, Notice, Page, Tag, toast } from '~/look'
import { useFocusBack } from '../forms/focus'
import { Bones, refuse } from '../forms/parts'
import forms from '../forms/Forms.module.css'
import { date, moment, shortly, time } from '../format'
import { useNow } from '../now'
import { Log } from '../security/Log'
import security from '../security/Security.module.css'
import { may, useMe } from '../session'
import { asSettings, useEncryption, usePutEncryption } from './data'
import styles from './Encryption.module.css'
import { OwnServer } from './OwnServer'
import { words } from './words'

const day = 86_400_000
const tones = { confirmed: 'good', away: 'warn', withdrawn: 'danger' } as const

/** Administration > Security > Encryption: whose the keys are, and how they stand. */
export function Encryption() {
  const { data, error, isPending, refetch } = useEncryption()
  return (
    <Page crumbs={words.crumbs} title={words.title} lead={words.lead}>
      {isPending ? <Card><Bones /></Card>
      : !data ? <Failed text={`${words.failed}. ${sentence(error)}`} again={() => void refetch()} />
      : (
        <>
          <Standing data={data} />
          <Key data={data} />
          <Schedule data={data} />
          <OwnServer data={data} />
        </>
      )}
    </Page>
  )
}

function Standing({ data }: { data: Data }) {
  const w = words.key
  if (data.state === 'away') return <Notice tone="warn" title={w.awayTitle}>{w.away(data.serves_until && shortly(data.serves_until))}</Notice>
  if (data.state === 'withdrawn') return <Notice tone="danger" title={w.withdrawnTitle}>{w.withdrawn}</Notice>
  return null
}

function Fact({ name, children, small }: { name: string; children: ReactNode; small?: string }) {
  return <div><dt>{name}</dt><dd>{children}{small && <span className={styles.small}>{small}</span>}</dd></div>
}

function Key({ data }: { data: Data }) {
  const w = words.key
  const now = useNow()
  const [rotating, setRotating] = useState(false)
  const rotates = may(useMe(), 'keys.rotate')
  return (
    <Card
      icon={<IconKey size={20} />} title={w.title} lead={w.lead} tag={<Tag tone={tones[data.state]}>{w.states[data.state]}</Tag>}
      control={rotates ? <Button variant="default" leftSection={<IconRotateClockwise2 size={17} aria-hidden />} onClick={() => { setRotating(true) }}>{words.rotate.button}</Button> : undefined}
    >
      <dl className={security.facts}>
        <Fact name={w.wrapped} {...(data.server ? { small: data.server.address } : {})}>{w.roots[data.root]}</Fact>
        <Fact name={w.version} small={`${w.since} ${date(data.since)}, ${w.age(Math.max(0, Math.floor((now - Date.parse(data.since)) / day)))}`}>{w.versionOf(data.version)}</Fact>
        <Fact name={w.below} small={w.behind(data.behind)}>{w.count(data.keys)}</Fact>
        {data.confirmed_at && <Fact name={w.confirmed}><time dateTime={data.confirmed_at} title={moment(data.confirmed_at)}>{now - Date.parse(data.confirmed_at) < day ? time(data.confirmed_at) : shortly(data.confirmed_at)}</time></Fact>}
      </dl>
      <Work data={data} />
      <Log element="Encryption key" about={w.title} />
      {rotating && <Rotate close={() => { setRotating(false) }} />}
    </Card>
  )
}

/** How far the wrapping again is; afterwards one line on the last one. */
function Work({ data }: { data: Data }) {
  const w = words.work
  const work = data.works?.find((one) => one.kind === 'rewrap')
  const going = data.behind > 0 || work?.state === 'running'
  if (!going) return work?.ended_at ? <p className={security.advice}>{w.done(work.done, shortly(work.ended_at))}</p> : null
  const done = data.keys - data.behind
  return (
    <div className={styles.work}>
      <p className={styles.workTitle}>{w.title}</p>
      <Progress.Root size={10} radius="xl">
        <Progress.Section value={data.keys === 0 ? 100 : Math.floor((100 * done) / data.keys)} aria-label={w.bar} />
      </Progress.Root>
      <p className={styles.workText} role="status">{data.behind > 0 ? w.progress(done, data.keys) : w.settling}</p>
    </div>
  )
}

function Rotate({ close }: { close: () => void }) {
  const w = words.rotate
  useFocusBack()
  const put = usePutEncryption()
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState<string>()
  const { mutate, isPending } = useMutation({
    mutationFn: () => take(api.POST('/api/v1/encryption/rotate', { body: { reason: reason.trim() } })),
    onSuccess: (now) => { put(now); toast(w.done(now.version)); close() },
    onError: (error) => { setProblem(refuse(error, () => undefined, [])) },
  })
  return (
    <Modal opened onClose={close} title={w.title}>
      <form className={forms.stack} onSubmit={(event) => { event.preventDefault(); if (!isPending) mutate() }}>
        <p className={styles.text}>{w.text}</p>
        {problem && <Notice tone="danger">{problem}</Notice>}
        <Reason value={reason} set={setReason} focus />
        <div className={forms.foot}>
          <Button variant="default" onClick={close}>{words.cancel}</Button>
          <Button type="submit" loading={isPending}>{w.yes}</Button>
        </div>
      </form>
    </Modal>
  )
}

export function Reason({ value, set, focus = false }: { value: string; set: (value: string) => void; focus?: boolean }) {
  return <Textarea label={words.reason} description={words.reasonHint} autosize minRows={2} maxRows={5} maxLength={500} value={value} {...(focus ? { 'data-autofocus': true } : {})} onChange={(event) => { set(event.currentTarget.value) }} />
}

function Schedule({ data }: { data: Data }) {
  const w = words.schedule
  const [open, setOpen] = useState(false)
  const edit = may(useMe(), 'keys.server')
  return (
    <>
      <Card
        icon={<IconCalendarRepeat size={20} />} title={w.title} lead={w.lead} tag={<Tag tone={data.rotate_days > 0 ? 'good' : 'plain'}>{w.days(data.rotate_days)}</Tag>}
        control={edit ? <Button variant="default" aria-label={`${words.change}: ${w.title}`} onClick={() => { setOpen(true) }}>{words.change}</Button> : undefined}
      />
      {open && <Days data={data} close={() => { setOpen(false) }} />}
    </>
  )
}

function Days({ data, close }: { data: Data; close: () => void }) {
  const w = words.schedule
  useFocusBack()
  const put = usePutEncryption()
  const [days, setDays] = useState<number | ''>(data.rotate_days)
  const [reason, setReason] = useState('')
  const [wrong, setWrong] = useState('')
  const [problem, setProblem] = useState<string>()
  const { mutate, isPending } = useMutation({
    mutationFn: (rotate_days: number) => take(api.PUT('/api/v1/encryption', { body: { ...asSettings(data), rotate_days, reason: reason.trim() } })),
    onSuccess: (now) => { put(now); toast(w.saved); close() },
    onError: (error) => { setProblem(refuse(error, (errors) => { setWrong(errors['rotate_days'] ?? '') }, ['rotate_days'])) },
  })
  const submit = (event: React.FormEvent) => {
    event.preventDefault()
    const sound = days !== '' && Number.isInteger(days) && days >= 0 && days <= 3_650
    setWrong(sound ? '' : w.missing)
    if (sound && !isPending) mutate(days)
  }
  return (
    <Modal opened onClose={close} title={w.title}>
      <form className={forms.stack} noValidate onSubmit={submit}>
        {problem && <Notice tone="danger">{problem}</Notice>}
        <NumberInput
          label={w.label} description={w.hint} inputWrapperOrder={['label', 'input', 'description', 'error']} value={days} error={wrong || undefined} data-autofocus
          allowDecimal={false} allowNegative={false} clampBehavior="none" min={0} onChange={(n) => { setDays(typeof n === 'number' ? n : '') }}
        />
        <Reason value={reason} set={setReason} />
        <div className={forms.foot}>
          <Button variant="default" onClick={close}>{words.cancel}</Button>
          <Button type="submit" loading={isPending}>{words.save}</Button>
        </div>
      </form>
    </Modal>
  )
}
