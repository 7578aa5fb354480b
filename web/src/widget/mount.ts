// What the loader and the chat say to each other. The loader stays under 5 kB; the chat comes on first use.

export interface Mount {
  /** The workspace's origin: where the script came from. Nothing else is ever asked. */
  origin: string
  /** The box inside the shadow root that the chat adds its panel to. */
  stage: HTMLElement
  adopt(css: string): void
  /** How many messages of the staff wait to be read. */
  unread(count: number): void
  opened(): void
  /** The panel was closed; the focus goes back to the button if it was inside. */
  closed(focus: boolean): void
}

export interface Chat {
  open(focus: boolean): void
  close(): void
}
