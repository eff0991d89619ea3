<#
.SYNOPSIS
Installs Hyperion's exporter and agent on Windows 10 or Server 2016, with Python 3.11, or newer.

.DESCRIPTION
It gets both from the control API and psutil from the index that pip asks, and checks all by the
checksums below. Scheduled tasks run them as LOCAL SERVICE from the start of Windows on, because
Python alone cannot be a service of Windows. Run again it brings the newer version and keeps what
was decided here. It says what it does before it does it.

    .\install.ps1 [-Token TOKEN] [-Name NAME] [-ActAsSystem] [-CaFile FILE]
                  [-Python FILE] [-AllowFrom ADDRESS,...] [-Url URL -Sha256 CHECKSUM]
    .\install.ps1 -Uninstall

-Token, as an enrolment gives it, brings the agent, which calls home; without it, and without an
agent that is there, only the exporter is installed. With -ActAsSystem who may act in Hyperion may
do everything here; without it the machine is watched, and nothing can be run on it.
-AllowFrom opens the firewall for who scrapes, and for nobody else; without it nothing is opened.
#>
#Requires -Version 5.1
#Requires -RunAsAdministrator
[CmdletBinding()]
param(
    [string]$Url = '@URL@',
    [string]$Sha256 = '@SHA256@',
    [ValidatePattern('^(hyp_e_\w+)?$')][string]$Token = '',
    [ValidatePattern('^[\w.-]{0,63}$')][string]$Name = '',
    [switch]$ActAsSystem,
    [string]$CaFile = '',
    [string]$Python = '',
    [string[]]$AllowFrom = @(),
    [switch]$Uninstall
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'  # drawing it takes longer than the download

$Program = Join-Path $env:ProgramFiles 'Hyperion'
$State = Join-Path $env:ProgramData 'Hyperion'
$Kept = Join-Path $State 'exporter'
$ArgumentsFile = Join-Path $State 'arguments.txt'
$Called = Join-Path $State 'agent'
$Identity = Join-Path $Called 'identity.json'
$Policy = Join-Path $State 'agent-policy.toml'
$ActsAsSystem = Join-Path $State 'agent-acts-as-system'
$Tasks = @{ exporter = 'Hyperion exporter'; agent = 'Hyperion agent' }
$Port = 9100
# By number: the names of these differ from language to language.
$LocalService = 'S-1-5-19'
$System = 'S-1-5-18'
$EventLogReaders = 'S-1-5-32-573'
# One line out of requirements.lock, with the checksums of its wheels for Windows.
$Requirement = 'psutil==7.2.2' +
    ' --hash=sha256:eb7e81434c8d223ec4a219b5fc1c47d0417b12be7ea866e24fb5ad6e84b3d988' +
    ' --hash=sha256:8c233660f575a5a89e6d4cb65d9f938126312bca76d8fe087b947b3a1aaac9ee'

function Say([string]$Text) { Write-Output "hyperion: $Text" }

function Install-All {
    if ($Url -notmatch '^https?://' -or $Sha256 -notmatch '^[0-9a-f]{64}$') {
        throw 'say with -Url where the control API is, and with -Sha256 what its install.sh says'
    }
    $base = Find-Python
    $withAgent = $Token -or (Test-Path $Identity)
    $names = @('exporter') + @(if ($withAgent) { 'agent' })
    Say "installs into $Program and $State, with tasks of the scheduler for: $($names -join ', ')"
    $release = Get-Release $base
    Set-State
    if ($withAgent) { Set-Agent }
    Add-EventLogReader
    Set-Firewall
    foreach ($each in $names) {
        Stop-Program $each
        Start-Program $each $base (Set-Launcher $each $release)
    }
    Wait-Until { Test-Answer } "it does not answer: see $Kept\log.txt"
    if ($withAgent) {
        Wait-Until { Test-Path $Identity } "the agent did not come in: see $Called\log.txt"
        Say "the agent is enrolled: see $Url"
    }
    Get-ChildItem (Join-Path $Program 'lib') | Where-Object FullName -ne $release |
        Remove-Item -Recurse -Force
    Say "it answers: http://127.0.0.1:$Port/metrics"
}

# Of all users: what lies in somebody's own folder, LOCAL SERVICE cannot read.
function Find-Python {
    $found = $Python
    if (-not $found) {
        if (-not (Get-Command 'py.exe' -ErrorAction SilentlyContinue)) {
            throw 'there is no Python: install 3.11 or newer for all users, or name it with -Python'
        }
        $found = & py.exe -3 -c 'import sys; print(sys.executable)'
    }
    & $found -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'
    if ($LASTEXITCODE -ne 0) { throw "$found is not Python 3.11 or newer" }
    if ($found -like (Join-Path $env:SystemDrive 'Users\*')) {
        throw "$found belongs to one person: install Python for all users, or name it with -Python"
    }
    $found
}

# What was checked once is not fetched again. A release is there as a whole or not at all.
function Get-Release([string]$Base) {
    $release = Join-Path $Program "lib\$Sha256"
    if (Test-Path $release) { return $release }
    $new = Join-Path $Program "lib\new-$([Guid]::NewGuid())"
    New-Item -ItemType Directory $new | Out-Null
    try {
        $zip = Join-Path $new 'package.zip'
        # Server 2016 begins with older ones by itself.
        [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
        Invoke-WebRequest -UseBasicParsing -Uri "$Url/install/package.zip" -OutFile $zip
        if ((Get-FileHash -Algorithm SHA256 $zip).Hash -ne $Sha256) {
            throw 'the package is not the one that this script is for: nothing was installed'
        }
        Expand-Archive $zip $new
        Remove-Item $zip
        Add-Requirement $Base $new
        Move-Item $new $release
    } finally {
        if (Test-Path $new) { Remove-Item -Recurse -Force $new }
    }
    $release
}

function Add-Requirement([string]$Base, [string]$Folder) {
    $file = Join-Path $Folder 'requirements.txt'
    Set-Content -Encoding Ascii $file $Requirement
    & $Base -I -m pip install --quiet --disable-pip-version-check --require-hashes `
        --only-binary ':all:' --no-deps --target $Folder --requirement $file | Out-Host
    if ($LASTEXITCODE -ne 0) { throw 'pip cannot get psutil: nothing was installed' }
    # LOCAL SERVICE can keep nothing compiled there.
    & $Base -I -m compileall -q $Folder | Out-Host
}

# The task that looks each minute whether it runs must not start it meanwhile.
function Stop-Program([string]$Which) {
    $task = $Tasks[$Which]
    if (Get-ScheduledTask $task -ErrorAction SilentlyContinue) {
        Disable-ScheduledTask $task | Out-Null
        Stop-ScheduledTask $task
        while ((Get-ScheduledTask $task).State -eq 'Running') { Start-Sleep -Milliseconds 200 }
    }
}

# Below ProgramData everybody may write unless it is forbidden, and make the folder before us.
function Set-State {
    New-Item -ItemType Directory -Force $Kept | Out-Null
    Invoke-Icacls $State /setowner '*S-1-5-32-544' /T /Q
    Invoke-Icacls $State /inheritance:r /grant:r "*${System}:(OI)(CI)F" '*S-1-5-32-544:(OI)(CI)F' `
        "*${LocalService}:(OI)(CI)RX" /Q
    Invoke-Icacls $Kept /grant:r "*${LocalService}:(OI)(CI)M" /Q
    if (-not (Test-Path $ArgumentsFile)) {
        Set-Content -Encoding Ascii $ArgumentsFile "--web.listen-address=:$Port",
            "--collector.events.state-folder=$Kept"
    }
}

# What the agent may do lies where it cannot write. Other services are LOCAL SERVICE as well: where
# it acts as SYSTEM, they get nothing of who it is.
function Set-Agent {
    New-Item -ItemType Directory -Force $Called | Out-Null
    if ($ActAsSystem) {
        New-Item -Force $ActsAsSystem | Out-Null
        Set-Content -Encoding Ascii $Policy 'run = true', 'commands = [["**"]]'
    } elseif (-not (Test-Path $Policy)) {
        Set-Content -Encoding Ascii $Policy 'run = false'
    }
    Invoke-Icacls $Called /inheritance:r /grant:r "*${System}:(OI)(CI)F" `
        '*S-1-5-32-544:(OI)(CI)F' /Q
    if (-not (Test-Path $ActsAsSystem)) {
        Invoke-Icacls $Called /grant:r "*${LocalService}:(OI)(CI)M" /Q
    }
    if ($Token -and -not (Test-Path $Identity)) {
        Set-Content -Encoding Ascii (Join-Path $Called 'token') $Token
    }
    $file = Join-Path $State 'agent.toml'
    if ($CaFile) { Copy-Item $CaFile (Join-Path $State 'ca.pem') }
    if (-not (Test-Path $file) -or $Name -or $CaFile) {
        $lines = @("url = '$Url'", "state = '$Called'", "token_file = '$Called\token'",
            "policy_file = '$Policy'")
        if ($Name) { $lines += "name = '$Name'" }
        if (Test-Path (Join-Path $State 'ca.pem')) { $lines += "ca_file = '$State\ca.pem'" }
        if ($Url -like 'http://*') { $lines += 'allow_http = true' }
        Set-Content -Encoding Ascii $file $lines
    }
}

function Invoke-Icacls {
    & icacls.exe @args | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "the rights of $($args[0]) cannot be set" }
}

# The log of one run and of the one before, because a task has no place for what is said.
function Set-Launcher([string]$Which, [string]$Release) {
    $launcher = Join-Path $Program "hyperion-$Which.py"
    $folder, $module, $words = $Kept, 'cli',
        "[line for line in open(r'$ArgumentsFile').read().splitlines() if line]"
    if ($Which -eq 'agent') {
        $folder, $module, $words = $Called, 'agent.cli', "['--config', r'$State\agent.toml']"
    }
    Set-Content -Encoding UTF8 $launcher @"
import os, sys
log = r'$folder\log.txt'
if os.path.exists(log):
    os.replace(log, log + '.1')
sys.stdout = sys.stderr = open(log, 'w', buffering=1, encoding='utf-8')
sys.path.insert(0, r'$Release')
from hyperion_exporter.$module import main
sys.exit(main($words))
"@
    $launcher
}

# Who is in it may read the log Security too; System and Application are open to services. It
# holds from the next start of Windows on.
function Add-EventLogReader {
    try {
        Add-LocalGroupMember -SID $EventLogReaders -Member $LocalService
    } catch [Microsoft.PowerShell.Commands.MemberExistsException] {
        return
    } catch {
        # A controller of a domain has no groups of its own.
        Say "events of the log Security will not be counted: $_"
    }
}

function Set-Firewall {
    if ($AllowFrom.Count -eq 0) { return }
    Remove-NetFirewallRule -DisplayName $Tasks.exporter -ErrorAction SilentlyContinue
    New-NetFirewallRule -DisplayName $Tasks.exporter -Direction Inbound -Action Allow `
        -Protocol TCP -LocalPort $Port -RemoteAddress $AllowFrom | Out-Null
}

# Of tasks only those that cannot be started are started anew, not those that end; so one more
# trigger tries each minute, and is ignored while it runs.
function Start-Program([string]$Which, [string]$Base, [string]$Launcher) {
    $action = New-ScheduledTaskAction -Execute $Base -Argument "-I `"$Launcher`"" `
        -WorkingDirectory $State
    $triggers = @(
        New-ScheduledTaskTrigger -AtStartup
        New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes 1)
    )
    $acts = $Which -eq 'agent' -and (Test-Path $ActsAsSystem)
    $user = if ($acts) { $System } else { $LocalService }
    $principal = New-ScheduledTaskPrincipal -UserId $user -LogonType ServiceAccount
    $settings = New-ScheduledTaskSettingsSet -MultipleInstances IgnoreNew -Priority 4 `
        -ExecutionTimeLimit ([TimeSpan]::Zero) -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries
    Register-ScheduledTask $Tasks[$Which] -Action $action -Trigger $triggers -Principal $principal `
        -Settings $settings -Force | Out-Null
    Start-ScheduledTask $Tasks[$Which]
}

function Wait-Until([scriptblock]$Condition, [string]$Otherwise) {
    $until = (Get-Date).AddSeconds(60)
    while (-not (& $Condition)) {
        if ((Get-Date) -gt $until) { throw $Otherwise }
        Start-Sleep -Seconds 1
    }
}

function Test-Answer {
    $page = "http://127.0.0.1:$Port/healthz"
    try {
        (Invoke-WebRequest -UseBasicParsing -TimeoutSec 5 -Uri $page).StatusCode -eq 200
    } catch {
        $false
    }
}

function Uninstall-All {
    Say "takes away $Program, $State, the tasks of the scheduler and the rule of the firewall"
    foreach ($each in $Tasks.Keys) {
        Stop-Program $each
        Unregister-ScheduledTask $Tasks[$each] -Confirm:$false -ErrorAction SilentlyContinue
    }
    Remove-NetFirewallRule -DisplayName $Tasks.exporter -ErrorAction SilentlyContinue
    foreach ($folder in $Program, $State) {
        if (Test-Path $folder) { Remove-Item -Recurse -Force $folder }
    }
    Say 'done; LOCAL SERVICE stays in the group Event Log Readers, where it may have been before'
}

if ($Uninstall) { Uninstall-All } else { Install-All }
