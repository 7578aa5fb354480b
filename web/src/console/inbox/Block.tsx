import { Button, Modal, NativeSelect, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { IconBan } from '@tabler/icons-react'
import { useState } from 'react'
import { api, type Enquiry, take } from '~/api'
import { Notice, toast } from '~/look'
import forms from '../forms/Forms.module.css'
import { refuse } from '../forms/parts'
import { may, useMe } from '../session'
import styles from './Details.module.css'
import { words } from './words'

const w = words.block
const spans = [1, 7, 30, 365, 0]

/** Puts the visitor's address on the blocklist of the workspace, for those whose role includes it. */
export function Block({ enquiry }: { enquiry: Enquiry }) {
  const me = useMe()
  const [open, setOpen] = useState(false)
  if (!may(me, 'chat.block')) return null
  return (
    <div className={styles.block}>
      <Button variant="default" size="xs" leftSection={<IconBan size={16} aria-hidden />} onClick={() => { setOpen(true) }}>{w.button}</Button>
      {open && <Ask enquiry={enquiry} close={() => { setOpen(false) }} />}
    </div>
  )
}

function Ask({ enquiry, close }: { enquiry: Enquiry; close: () => void }) {
  const client = useQueryClient()
  const { name } = enquiry.contact
  const [problem, setProblem] = useState<string>()
  const form = useForm({ initialValues: { remark: '', days: '30' } })
  const { mutate, isPending } = useMutation({
    mutationFn: ({ remark, days }: typeof form.values) => take(api.POST('/api/v1/enquiries/{id}/block', {
      params: { path: { id: enquiry.id } },
      body: { ...(remark.trim() ? { remark: remark.trim() } : {}), ...(days === '0' ? {} : { days: Number(days) }) },
    })),
    onSuccess: () => {
      toast(w.done(name))
      close()
      void client.invalidateQueries({ queryKey: ['enquiry', enquiry.id] })
      return client.invalidateQueries({ queryKey: ['enquiries'] })
    },
    onError: (error) => { setProblem(refuse(error, form.setErrors, ['remark', 'days'])) },
  })
  return (
    <Modal opened onClose={close} title={w.title(name)}>
      <form className={forms.stack} onSubmit={form.onSubmit((values) => { mutate(values) })}>
        <p className={forms.lead}>{w.text}</p>
        {problem && <Notice tone="danger">{problem}</Notice>}
        <NativeSelect label={w.days} data={spans.map((n) => ({ value: String(n), label: w.span(n) }))} {...form.getInputProps('days')} />
        <TextInput label={w.remark} description={w.remarkHint} maxLength={200} autoComplete="off" data-autofocus {...form.getInputProps('remark')} />
        <div className={forms.foot}>
          <Button variant="default" onClick={close}>{w.cancel}</Button>
          <Button type="submit" color="danger" loading={isPending}>{w.yes}</Button>
        </div>
      </form>
    </Modal>
  )
}
