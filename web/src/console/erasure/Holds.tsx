import { Button, Modal, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { IconGavel } from '@tabler/icons-react'
import { useState } from 'react'
import { api, Problem, sentence, take } from '~/api'
import { Card, Empty, Failed, Notice, toast } from '~/look'
import admin from '../admin/Admin.module.css'
import { date } from '../format'
import { useFocusBack } from '../forms/focus'
import forms from '../forms/Forms.module.css'
import { Bones, refuse } from '../forms/parts'
import { may, useMe } from '../session'
import styles from './Erasure.module.css'
import { holdsChanged, idOf, useHolds } from './queries'
import { words } from './words'

const text = words.holds
const reasonMost = 500

/** The holds of the workspace that stand. */
export function Holds() {
  const me = useMe()
  const edit = may(me, 'archive.hold')
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useHolds()
  const [placing, setPlacing] = useState(false)
  const [lifting, setLifting] = useState<{ id: string; name: string } | null>(null)
  const items = (data?.pages ?? []).flatMap((part) => part.items ?? [])
  return (
    <Card
      icon={<IconGavel size={20} />} title={text.title} lead={text.lead}
      control={edit && <Button variant="default" onClick={() => { setPlacing(true) }}>{text.place}</Button>}
    >
      {isPending ? <Bones />
      : !data ? <Failed text={`${text.failed}. ${sentence(error)}`} again={() => void refetch()} />
      : items.length === 0 ? <Empty icon={<IconGavel size={26} />} title={text.empty}>{edit ? text.emptyText : undefined}</Empty>
      : (
        <ul className={admin.plain} aria-label={text.list}>
          {items.map((hold) => (
            <li key={hold.id}>
              <div className={forms.grow}>
                <strong className={styles.name}>{hold.name}</strong>
                <p className={styles.why}>{hold.reason}</p>
                <span className={admin.small}>{text.by(hold.placed_by.name, date(hold.placed_at))}</span>
                <code className={styles.id}>{hold.contact}</code>
              </div>
              {edit && <Button variant="default" size="xs" aria-label={text.liftOf(hold.name)} onClick={() => { setLifting(hold) }}>{text.lift}</Button>}
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <div className={admin.more}><Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{words.more}</Button></div>
      )}
      {placing && <PlaceHold close={() => { setPlacing(false) }} />}
      {lifting && <LiftHold hold={lifting} close={() => { setLifting(null) }} />}
    </Card>
  )
}

/** Places a hold: on a contact that is shown, or on one whose id is typed. */
export function PlaceHold({ contact, close }: { contact?: { id: string; name: string }; close: () => void }) {
  useFocusBack()
  const client = useQueryClient()
  const [problem, setProblem] = useState<string>()
  const form = useForm({
    initialValues: { id: contact?.id ?? '', reason: '' },
    validate: { id: (value) => (idOf(value) ? null : words.idWrong), reason: (value) => (value.trim() === '' ? words.reasonMissing : null) },
  })
  const { mutate, isPending } = useMutation({
    mutationFn: ({ id, reason }: typeof form.values) =>
      take(api.POST('/api/v1/contacts/{id}/holds', { params: { path: { id: idOf(id) ?? '' } }, body: { reason: reason.trim() } })),
    onSuccess: () => {
      toast(text.placed)
      holdsChanged(client)
      close()
    },
    onError: (error) => {
      if (!contact && error instanceof Problem && error.status === 404) form.setFieldError('id', words.unknown)
      else setProblem(refuse(error, form.setErrors, ['reason']))
    },
  })
  return (
    <Modal opened onClose={close} title={text.placeTitle(contact?.name)}>
      <form className={forms.stack} noValidate onSubmit={form.onSubmit((values) => { setProblem(undefined); mutate(values) })}>
        <p className={forms.lead}>{text.placeLead}</p>
        {problem && <Notice tone="danger">{problem}</Notice>}
        {!contact && <TextInput label={words.id} description={words.idHint} required withAsterisk={false} autoComplete="off" spellCheck={false} maxLength={60} data-autofocus {...form.getInputProps('id')} />}
        <Reason autoFocus={contact !== undefined} {...form.getInputProps('reason')} />
        <div className={forms.foot}>
          <Button variant="default" onClick={close}>{words.cancel}</Button>
          <Button type="submit" loading={isPending}>{text.place}</Button>
        </div>
      </form>
    </Modal>
  )
}

function LiftHold({ hold, close }: { hold: { id: string; name: string }; close: () => void }) {
  useFocusBack()
  const client = useQueryClient()
  const [problem, setProblem] = useState<string>()
  const form = useForm({ initialValues: { reason: '' }, validate: { reason: (value) => (value.trim() === '' ? words.reasonMissing : null) } })
  const { mutate, isPending } = useMutation({
    mutationFn: ({ reason }: typeof form.values) => take(api.POST('/api/v1/holds/{id}/lift', { params: { path: { id: hold.id } }, body: { reason: reason.trim() } })),
    onSuccess: () => {
      toast(text.lifted)
      holdsChanged(client)
      close()
    },
    onError: (error) => { setProblem(refuse(error, form.setErrors, ['reason'])) },
  })
  return (
    <Modal opened onClose={close} title={text.liftTitle(hold.name)}>
      <form className={forms.stack} noValidate onSubmit={form.onSubmit((values) => { setProblem(undefined); mutate(values) })}>
        <p className={forms.lead}>{text.liftLead}</p>
        {problem && <Notice tone="danger">{problem}</Notice>}
        <Reason autoFocus {...form.getInputProps('reason')} />
        <div className={forms.foot}>
          <Button variant="default" onClick={close}>{words.cancel}</Button>
          <Button type="submit" loading={isPending}>{text.liftYes}</Button>
        </div>
      </form>
    </Modal>
  )
}

/** The reason that each of these acts asks for. */
export function Reason({ autoFocus = false, ...input }: { autoFocus?: boolean } & React.ComponentProps<typeof Textarea>) {
  return (
    <Textarea
      label={words.reason} description={words.reasonHint} required withAsterisk={false} autosize minRows={2} maxRows={5} maxLength={reasonMost}
      {...(autoFocus ? { 'data-autofocus': true } : {})} {...input}
    />
  )
}
