import { Button, NativeSelect, NumberInput, SegmentedControl, Switch, Textarea } from '@mantine/core'
import { IconClockShield, IconDeviceMobileCode, IconLock, IconPassword, IconUserShield, IconWorldCheck } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useId } from 'react'
import { api, sentence, take } from '~/api'
import { Card, Failed, Notice, Page, Tag } from '~/look'
import { Bones } from '../forms/parts'
import { may, useMe } from '../session'
import { type Security as Data, useSecurity } from './data'
import { Log } from './Log'
import { Policy } from './Policy'
import styles from './Security.module.css'
import { words } from './words'

/** Administration > Security > Service Authentication: one card a policy. */
export function Security() {
  const me = useMe()
  const { data, error, isPending, refetch } = useSecurity()
  const there = data !== undefined
  useEffect(() => {
    const card = there ? document.getElementById(location.hash.slice(1)) : null
    if (!card) return
    card.tabIndex = -1 // the reader starts at the card that the link named
    card.scrollIntoView()
    card.focus({ preventScroll: true })
  }, [there])
  return (
    <Page crumbs={words.crumbs} title={words.title} lead={words.lead}>
      {isPending ? <Card><Bones /></Card>
      : !data ? <Failed text={`${words.failed}. ${sentence(error)}`} again={() => void refetch()} />
      : (
        <>
          {!may(me, 'security.edit') && <Notice>{words.readOnly}</Notice>}
          <Factor data={data} />
          <Password data={data} />
          <Lockout data={data} />
          <Sessions data={data} />
          <StaffCard data={data} />
          <VisitorCard data={data} />
        </>
      )}
    </Page>
  )
}

type Of<K extends keyof Data> = { data: Pick<Data, K> & Data }

/** A number that may be empty while it is typed: then it is none, and the review is not opened (see cleared). */
function Count({ label, hint, value, set, error }: { label: string; hint: string; value: number; set: (n: number) => void; error?: string }) {
  return (
    <NumberInput
      classNames={{ wrapper: styles.number }} label={label} description={hint} inputWrapperOrder={['label', 'input', 'description', 'error']}
      value={Number.isNaN(value) ? '' : value} onChange={(n) => { set(typeof n === 'number' ? n : NaN) }} error={error} allowDecimal={false} allowNegative={false} clampBehavior="none" min={0}
    />
  )
}

function Password({ data }: Of<'password'>) {
  const w = words.password
  const of = (p: Data['password']) => [[w.length, w.characters(p.min_length)], [w.history, w.last(p.history)], [w.age, w.expires(p.max_age_days)]] as const
  return (
    <Policy
      id="password" icon={<IconPassword size={20} />} title={w.title} lead={w.lead} data={data} value={data.password}
      tag={{ tone: data.password.min_length >= 12 ? 'good' : 'info', text: w.characters(data.password.min_length) }}
      facts={of(data.password)} notes={[w.advice, w.elsewhere]} fields={['min_length', 'history', 'max_age_days']}
      bounds={{ min_length: [8, 64], history: [0, 24], max_age_days: [0, 365] }}
      compare={(a, b) => of(a).map(([name, before], i) => ({ name, before, after: of(b)[i]?.[1] ?? '' }))}
      save={(password, revision) => take(api.PUT('/api/v1/security/password', { body: { revision, password, lockout: data.lockout } }))}
      form={(p, set, errors) => (
        <div className={styles.pair}>
          <Count label={w.length} hint={w.lengthHint} value={p.min_length} set={(n) => { set({ ...p, min_length: n }) }} error={errors.min_length} />
          <Count label={w.history} hint={w.historyHint} value={p.history} set={(n) => { set({ ...p, history: n }) }} error={errors.history} />
          <Count label={w.ageDays} hint={w.ageHint} value={p.max_age_days} set={(n) => { set({ ...p, max_age_days: n }) }} error={errors.max_age_days} />
        </div>
      )}
    />
  )
}

function Lockout({ data }: Of<'lockout'>) {
  const w = words.lockout
  const of = (l: Data['lockout']) => [
    [w.threshold, w.after(l.threshold)], [w.ends, l.threshold === 0 ? w.for(15) : l.ends === 'time' ? w.for(l.minutes) : (w.endsBy[l.ends] ?? l.ends)],
  ] as const
  return (
    <Policy
      id="lockout" icon={<IconLock size={20} />} title={w.title} lead={w.lead} data={data} value={data.lockout}
      tag={{ tone: 'good', text: w.after(data.lockout.threshold) }} facts={of(data.lockout)} notes={[w.told]} fields={['threshold', 'ends', 'minutes']}
      bounds={{ threshold: [0, 20], minutes: [5, 1440] }}
      compare={(a, b) => of(a).map(([name, before], i) => ({ name, before, after: of(b)[i]?.[1] ?? '' }))}
      save={(lockout, revision) => take(api.PUT('/api/v1/security/password', { body: { revision, password: data.password, lockout } }))}
      form={(l, set, errors) => (
        <>
          <Count label={w.threshold} hint={w.thresholdHint} value={l.threshold} set={(n) => { set({ ...l, threshold: n }) }} error={errors.threshold} />
          <div className={styles.pair}>
            <NativeSelect
              label={w.ends} value={l.ends} error={errors.ends} data={Object.entries(w.endsBy).map(([value, label]) => ({ value, label }))}
              onChange={(event) => { set({ ...l, ends: event.target.value as typeof l.ends, minutes: Number.isNaN(l.minutes) ? data.lockout.minutes : l.minutes }) }}
            />
            {l.ends === 'time' && <Count label={w.minutes} hint={w.minutesHint} value={l.minutes} set={(n) => { set({ ...l, minutes: n }) }} error={errors.minutes} />}
          </div>
        </>
      )}
    />
  )
}

const messageMost = 200

function Factor({ data }: Of<'factor'>) {
  const w = words.factor
  const rule = useId()
  const f = data.factor
  const of = (p: Data['factor']) => [
    [w.rule, p.required ? w.required : w.optional], [w.resistant, p.phishing_resistant ? words.on : words.off],
    [w.trust, w.days(p.trust_days)], [w.message, p.message || w.none],
  ] as const
  return (
    <Policy
      id="factor" icon={<IconDeviceMobileCode size={20} />} title={w.title} lead={w.lead} data={data} value={f}
      tag={f.required ? { tone: 'good', text: f.phishing_resistant ? w.resistant : w.required } : { tone: 'warn', text: w.optional }}
      facts={of(f)} fields={['message', 'trust_days']} bounds={{ trust_days: [0, 90] }}
      compare={(a, b) => of(a).map(([name, before], i) => ({ name, before, after: of(b)[i]?.[1] ?? '' }))}
      check={(p, bar) => <Affected required={p.required} resistant={p.phishing_resistant} bar={bar} />}
      save={(p, revision) => take(api.PUT('/api/v1/security/factor', { body: { revision, ...p } }))}
      form={(p, set, errors) => (
        <>
          <div>
            <span className={styles.label} id={rule}>{w.rule}</span>
            <SegmentedControl
              aria-labelledby={rule} value={p.required ? 'required' : 'optional'}
              data={[{ value: 'optional', label: w.optional }, { value: 'required', label: w.required }]}
              onChange={(v) => { set({ ...p, required: v === 'required', phishing_resistant: v === 'required' && p.phishing_resistant }) }}
            />
          </div>
          <Switch
            label={w.resistant} description={w.resistantHint} disabled={!p.required} checked={p.phishing_resistant}
            onChange={(event) => { set({ ...p, phishing_resistant: event.currentTarget.checked }) }}
          />
          <Textarea
            label={w.message} description={`${w.messageHint} ${w.left(messageMost - Array.from(p.message).length)}`} inputWrapperOrder={['label', 'input', 'description', 'error']} autosize minRows={2} maxLength={messageMost} value={p.message}
            error={errors.message} onChange={(event) => { set({ ...p, message: event.target.value.replaceAll('\n', ' ') }) }}
          />
          <Count label={w.trustDays} hint={w.trustHint} value={p.trust_days} set={(n) => { set({ ...p, trust_days: n }) }} error={errors.trust_days} />
        </>
      )}
    />
  )
}

/** Who would meet a required factor, asked before it is saved. */
function Affected({ required, resistant, bar }: { required: boolean; resistant: boolean; bar: (barred: boolean) => void }) {
  const w = words.factor
  const { data, error, refetch } = useQuery({
    queryKey: ['security', 'affected', required, resistant], enabled: required, staleTime: 0,
    queryFn: () => take(api.POST('/api/v1/security/factor/affected', { body: { required, phishing_resistant: resistant } })),
  })
  const barred = required && (!data || data.me)
  useEffect(() => {
    bar(barred)
    return () => { bar(false) }
  }, [bar, barred])
  if (required && !data && error) return <Failed text={`${w.affectedFailed}. ${sentence(error)}`} again={() => void refetch()} />
  if (!required || !data) return null
  if (data.me) return <Notice tone="danger" action={<Button component={Link} to="/me" variant="default" size="compact-sm">{w.toAccount}</Button>}>{w.me}</Notice>
  return <Notice tone={data.lacking > 0 ? 'warn' : 'good'}>{w.affected(data.lacking, data.staff)}</Notice>
}

function Sessions({ data }: Of<'sessions'>) {
  const w = words.sessions
  const of = (s: Data['sessions']) => [[w.idle, w.minutes(s.idle_minutes)], [w.life, w.hours(s.life_hours)]] as const
  return (
    <Policy
      id="sessions" icon={<IconClockShield size={20} />} title={w.title} lead={w.lead} data={data} value={data.sessions}
      tag={{ tone: 'good', text: w.minutes(data.sessions.idle_minutes) }} facts={of(data.sessions)} fields={['idle_minutes', 'life_hours']}
      bounds={{ idle_minutes: [15, 1440], life_hours: [1, 720] }}
      compare={(a, b) => of(a).map(([name, before], i) => ({ name, before, after: of(b)[i]?.[1] ?? '' }))}
      save={(s, revision) => take(api.PUT('/api/v1/security/sessions', { body: { revision, ...s } }))}
      form={(s, set, errors) => (
        <div className={styles.pair}>
          <Count label={w.idleMinutes} hint={w.idleHint} value={s.idle_minutes} set={(n) => { set({ ...s, idle_minutes: n }) }} error={errors.idle_minutes} />
          <Count label={w.lifeHours} hint={w.lifeHint} value={s.life_hours} set={(n) => { set({ ...s, life_hours: n }) }} error={errors.life_hours} />
        </div>
      )}
    />
  )
}

function StaffCard({ data }: Of<'staff_list'>) {
  const w = words.staffList
  const l = data.staff_list
  return (
    <div id="staff-list">
      <Card
        icon={<IconUserShield size={20} />} title={w.title} lead={`${w.lead} ${w.modeText[l.mode] ?? ''}`}
        tag={<Tag tone={l.mode === 'on' ? 'good' : l.mode === 'watch' ? 'info' : 'plain'}>{w.modes[l.mode]}</Tag>}
        control={<Button component={Link} to="/admin/security/staff-list" variant="default">{w.open}</Button>}
      >
        {l.mode !== 'off' || l.entries > 0 ? <p className={styles.advice}>{w.entries(l.entries)}. {w.watched(l.would_refuse)}.</p> : null}
        <Log element="Staff IP list" about={w.title} />
      </Card>
    </div>
  )
}

function VisitorCard({ data }: Of<'visitor_list'>) {
  const w = words.visitorList
  const l = data.visitor_list
  return (
    <div id="visitor-list">
      <Card
        icon={<IconWorldCheck size={20} />} title={w.title} lead={`${w.lead} ${w.modeText[l.mode] ?? ''}`}
        tag={<Tag tone={l.mode === 'off' ? 'plain' : 'good'}>{w.modes[l.mode]}</Tag>}
        control={<Button component={Link} to="/admin/security/visitor-list" variant="default">{w.open}</Button>}
      >
        {l.mode !== 'off' || l.block + l.allow > 0 ? <p className={styles.advice}>{w.counts(l.block, l.allow)}. {w.refused(l.refused_today)}.</p> : null}
        <Log element="Visitor list" about={w.title} />
      </Card>
    </div>
  )
}
