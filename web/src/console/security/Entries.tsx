import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery } from '@tanstack/react-query'
import { IconTrash } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { api, take } from '~/api'
import { Notice, Tag, toast } from '~/look'
import forms from '../forms/Forms.module.css'
import { Confirm, refuse } from '../forms/parts'
import { date } from '../format'
import admin from '../admin/Admin.module.css'
import { type Entry, useChanged } from './data'
import styles from './Security.module.css'
import { words } from './words'

const w = words.entry

export interface NewEntry { network: string; remark: string; role: string; ends: string }
const blank: NewEntry = { network: '', remark: '', role: '', ends: '' }

/** The line under which an address is added, and the own one beside it. */
export function AddEntry({ yours, extra, act }: { yours: string; extra: 'role' | 'ends'; act: (entry: NewEntry) => Promise<Entry> }) {
  const changed = useChanged()
  const [problem, setProblem] = useState<string>()
  const roles = useQuery({ queryKey: ['roles'], queryFn: () => take(api.GET('/api/v1/roles')), enabled: extra === 'role' })
  const form = useForm({ initialValues: blank })
  const { mutate, isPending } = useMutation({
    mutationFn: (entry: NewEntry) => act({ ...entry, network: entry.network.trim(), remark: entry.remark.trim() }),
    onSuccess: (entry) => { toast(w.added(entry.network)); form.reset(); setProblem(undefined); changed() },
    onError: (error) => { setProblem(refuse(error, form.setErrors, ['network', 'remark', 'role', 'ends_at'])) },
  })
  return (
    <>
      {yours && (
        <p className={styles.yours}>
          {w.yours(yours)}
          {extra === 'role' && <Button variant="default" size="compact-sm" onClick={() => { form.setFieldValue('network', yours) }}>{w.addYours}</Button>}
        </p>
      )}
      <form onSubmit={form.onSubmit((entry) => { mutate(entry) })}>
        {problem && <Notice tone="danger">{problem}</Notice>}
        <div className={styles.add}>
          <TextInput label={w.network} description={w.example} inputWrapperOrder={['label', 'input', 'description', 'error']} required withAsterisk={false} autoComplete="off" spellCheck={false} maxLength={100} {...form.getInputProps('network')} />
          <TextInput label={w.remark} autoComplete="off" maxLength={200} {...form.getInputProps('remark')} />
          {extra === 'role'
            ? <NativeSelect label={words.staffList.role} {...form.getInputProps('role')} data={[{ value: '', label: words.staffList.everyRole }, ...(roles.data?.items ?? []).map((role) => role.name)]} />
            : <TextInput type="date" label={words.visitorList.ends} {...form.getInputProps('ends')} error={form.errors.ends_at} />}
          <Button type="submit" loading={isPending}>{w.add}</Button>
        </div>
      </form>
    </>
  )
}

/** The lines of a list. */
export function EntryList({ items, edit, remove, text, empty }: {
  items: readonly Entry[]
  edit: boolean
  remove: (entry: Entry) => Promise<unknown>
  /** What removing one means. */
  text: string
  empty: ReactNode
}) {
  const changed = useChanged()
  const [leaving, setLeaving] = useState<Entry | null>(null)
  if (items.length === 0) return empty
  return (
    <ul className={admin.plain}>
      {items.map((entry) => (
        <li key={entry.id}>
          <span className={forms.grow}>
            <span className={styles.network}>{entry.network}</span> {entry.role && <Tag>{entry.role}</Tag>} <Ends at={entry.ends_at} />
            <span className={admin.small}>{[entry.remark, w.since(date(entry.created_at))].filter(Boolean).join(' · ')}</span>
          </span>
          {edit && (
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={w.remove(entry.network)} onClick={() => { setLeaving(entry) }}>
              <IconTrash size={18} />
            </ActionIcon>
          )}
        </li>
      ))}
      {leaving && (
        <Confirm
          danger title={w.removeTitle(leaving.network)} text={text} yes={w.removeYes} close={() => { setLeaving(null) }}
          act={() => remove(leaving)} done={() => { toast(w.removed(leaving.network)); changed() }}
        />
      )}
    </ul>
  )
}

function Ends({ at }: { at?: string }) {
  if (!at) return null
  const over = new Date(at).getTime() <= Date.now()
  return <Tag tone={over ? 'plain' : 'info'}>{over ? words.visitorList.over : words.visitorList.until(date(at))}</Tag>
}
