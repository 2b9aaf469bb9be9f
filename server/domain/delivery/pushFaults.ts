/** What is wrong with the server's own side of a push, in sentences; every other reason is the push service's own word. */
const sentences: Readonly<Record<string, string>> = {
  apns_not_configured:
    "Pushes to iPhones are off: set APNS_KEY_PATH, APNS_KEY_ID, APNS_TEAM_ID and APNS_BUNDLE_ID on the computer.",
  apns_key_unreadable:
    "The key file that APNS_KEY_PATH names cannot be read: pushes to iPhones do not go out.",
  apns_key_invalid:
    "The file that APNS_KEY_PATH names holds no key of Apple's (.p8): pushes to iPhones do not go out.",
  apns_ca_unreadable: "The file that APNS_CA_PATH names cannot be read: pushes to iPhones do not go out.",
  vapid_not_configured: "Pushes to browsers are off: set VAPID_SUBJECT on the computer.",
};

/** The sentence of a reason, or the reason itself. */
export const pushFault = (reason: string): string => sentences[reason] ?? reason;
