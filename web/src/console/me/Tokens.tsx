import { ActionIcon, Button, Checkbox, Modal, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { IconCopy, IconKey, IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { api, type Me, sentence, take, type Token, type TokenAct } from '~/api'
import { Failed, Notice, Tag, toast } from '~/look'
import { date, moment } from '../format'
import forms from '../forms/Forms.module.css'
import { Bones, Confirm, refuse } from '../forms/parts'
import { words as general } from '../forms/words'
import { useNow } from '../now'
import styles from './Account.module.css'
import { byFeature, networks } from './scopes'
import { words } from './words'

const w = words.tokens
const spans = [7, 30, 90, 180, 365]

/** Keys for programs that act for this person, each with less than the person may do. */
export function Tokens({ me }: { me: Me }) {
  const client = useQueryClient()
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['tokens'], queryFn: () => take(api.GET('/api/v1/me/tokens')) })
  const [making, setMaking] = useState(false)
  const [leaving, setLeaving] = useState<Token>()
  if (isPending) return <Bones />
  if (!data) return <Failed text={`${w.failed} ${sentence(error)}`} again={() => void refetch()} />
  const items = data.items ?? []
  const again = () => void client.invalidateQueries({ queryKey: ['tokens'] })
  return (
    <div className={forms.stack}>
      {items.length === 0 ? <p className={forms.lead}>{w.none}</p> : (
        <ul className={styles.list} aria-label={w.list}>{items.map((one) => <Row key={one.id} one={one} remove={() => { setLeaving(one) }} />)}</ul>
      )}
      <div><Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => { setMaking(true) }}>{w.make}</Button></div>
      {making && <Make acts={data.acts ?? []} company={me.workspace.company} close={() => { setMaking(false) }} made={again} />}
      {leaving && (
        <Confirm danger title={w.removeTitle(leaving.name)} text={w.removeText} yes={w.remove} close={() => { setLeaving(undefined) }}
          act={() => take(api.DELETE('/api/v1/me/tokens/{id}', { params: { path: { id: leaving.id } } }))}
          done={() => { toast(w.removed(leaving.name)); again() }} />
      )}
    </div>
  )
}

function Row({ one, remove }: { one: Token; remove: () => void }) {
  const now = useNow()
  const over = Date.parse(one.expires_at) < now
  const scopes = one.scopes ?? []
  return (
    <li>
      <span className={styles.mark} aria-hidden><IconKey size={20} /></span>
      <div className={forms.grow}>
        <strong>{one.name} {over ? <Tag tone="warn">{w.over}</Tag> : <Tag>{w.until(date(one.expires_at))}</Tag>}</strong>
        <span className={styles.small}>{w.scopesOf(scopes.length)} {(one.networks ?? []).length > 0 ? w.from((one.networks ?? []).join(', ')) : w.anywhere}</span>
        <span className={styles.small}>{one.used_at ? w.used(moment(one.used_at), one.used_from ?? '') : w.unused}</span>
      </div>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={w.removeOf(one.name)} onClick={remove}><IconTrash size={18} /></ActionIcon>
    </li>
  )
}

function Make({ acts, company, close, made }: { acts: readonly TokenAct[]; company: string; close: () => void; made: () => void }) {
  const [token, setToken] = useState('')
  if (token !== '') return <Once token={token} close={close} />
  return (
    <Modal opened onClose={close} closeOnClickOutside={false} title={w.makeTitle} size={560}>
      <MakeForm acts={acts} company={company} close={close} done={(text) => { setToken(text); made() }} />
    </Modal>
  )
}

function MakeForm({ acts, company, close, done }: { acts: readonly TokenAct[]; company: string; close: () => void; done: (token: string) => void }) {
  const [problem, setProblem] = useState<string>()
  const form = useForm({
    initialValues: { name: '', scopes: [] as string[], networks: '', days: '90' },
    validate: {
      name: (value) => (value.trim() === '' ? w.nameMissing : null),
      scopes: (value) => (value.length === 0 ? w.scopesMissing : null),
    },
  })
  const { mutate, isPending } = useMutation({
    mutationFn: (v: typeof form.values) => take(api.POST('/api/v1/me/tokens', { body: { name: v.name.trim(), scopes: v.scopes, networks: networks(v.networks), days: Number(v.days) } })),
    onSuccess: ({ token }) => { done(token) },
    onError: (error) => { setProblem(refuse(error, form.setErrors, ['name', 'scopes', 'networks', 'days'])) },
  })
  const set = form.values.scopes
  const toggle = (names: string[], on: boolean) => { form.setFieldValue('scopes', on ? [...new Set([...set, ...names])] : set.filter((one) => !names.includes(one))) }
  return (
    <form className={forms.stack} noValidate onSubmit={form.onSubmit((values) => { mutate(values) })}>
      <p className={forms.lead}>{w.makeLead(company)}</p>
      {problem && <Notice tone="danger">{problem}</Notice>}
      <TextInput label={w.name} placeholder={w.namePlaceholder} data-autofocus maxLength={60} autoComplete="off" required withAsterisk={false} {...form.getInputProps('name')} />
      <fieldset className={styles.scopes} aria-describedby={form.errors['scopes'] ? 'scopes-wrong' : undefined}>
        <legend>{w.scopes}</legend>
        <div className={styles.features} tabIndex={0} role="group" aria-label={w.scopes}>
          {byFeature(acts).map(({ feature, items }) => {
            const names = items.map((one) => one.name)
            const on = names.filter((one) => set.includes(one)).length
            return (
              <div key={feature} className={styles.feature}>
                <Checkbox label={feature} checked={on === names.length} indeterminate={on > 0 && on < names.length} onChange={(event) => { toggle(names, event.currentTarget.checked) }} classNames={{ label: styles.featureName }} />
                <div className={styles.verbs}>
                  {items.map((one) => (
                    <Checkbox key={one.name} size="xs" label={<><code>{one.name}</code> <span className={styles.dim}>{one.verb}</span></>} checked={set.includes(one.name)} onChange={(event) => { toggle([one.name], event.currentTarget.checked) }} />
                  ))}
                </div>
              </div>
            )
          })}
        </div>
        <div aria-live="polite">{form.errors['scopes'] && <p id="scopes-wrong" className={styles.wrong}>{form.errors['scopes']}</p>}</div>
      </fieldset>
      <NativeSelect label={w.expires} data={spans.map((days) => ({ value: String(days), label: w.days(days) }))} {...form.getInputProps('days')} />
      <Textarea label={w.networks} description={w.networksHint} placeholder="192.0.2.0/24" autosize minRows={2} maxRows={6} autoComplete="off" spellCheck={false} {...form.getInputProps('networks')} />
      <div className={forms.foot}>
        <Button variant="default" onClick={close}>{words.cancel}</Button>
        <Button type="submit" loading={isPending}>{w.make}</Button>
      </div>
    </form>
  )
}

/** The token itself, once. */
function Once({ token, close }: { token: string; close: () => void }) {
  const copy = () => { navigator.clipboard.writeText(token).then(() => { toast(general.copied) }, () => { toast(general.copyFailed, 'bad') }) }
  return (
    <Modal opened onClose={close} closeOnClickOutside={false} closeOnEscape={false} withCloseButton={false} title={w.onceTitle} size={560}>
      <div className={forms.stack}>
        <Notice tone="warn">{w.onceText}</Notice>
        <code className={styles.token} aria-label={w.token} tabIndex={0}>{token}</code>
        <p className={forms.lead}>{w.use} <code>{w.header}</code></p>
        <div className={forms.foot}>
          <Button variant="default" leftSection={<IconCopy size={16} aria-hidden />} data-autofocus onClick={copy}>{general.copy}</Button>
          <Button onClick={close}>{w.kept}</Button>
        </div>
      </div>
    </Modal>
  )
}
