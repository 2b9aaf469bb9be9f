/** Observer of delivery, which measures it. It is told, and decides nothing. */
export interface DeliveryWatch {
  /** The event's frame has just been written to the first of the connections that it is broadcast to. */
  written(cursor: number): void;
  /** An event's frame went to a connection that had been sent it before. */
  repeated(cursor: number): void;
  /** A device that held everything up to `heldCursor` holds everything up to `cursor` now. */
  acked(heldCursor: number, cursor: number): void;
}
