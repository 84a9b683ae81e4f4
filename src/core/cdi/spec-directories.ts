/** Where engines look for specifications when nobody says otherwise. Order: the last wins. */
export const defaultDirectories = ["/etc/cdi", "/var/run/cdi"] as const
