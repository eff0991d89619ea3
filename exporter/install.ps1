<#
.SYNOPSIS
Installs Hyperion's exporter on Windows 10, Server 2016 or newer with Python 3.11 or newer.

.DESCRIPTION
It gets the exporter from the control API and psutil from the index that pip asks, and checks both
by the checksums below. A scheduled task runs it as LOCAL SERVICE from the start of Windows on,
because Python alone cannot be a service of Windows. Run again it brings the newer version and keeps
what was decided here. It says what it does before it does it.

    .\install.ps1 [-Python FILE] [-AllowFrom ADDRESS,...] [-Url URL -Sha256 CHECKSUM]
    .\install.ps1 -Uninstall

-AllowFrom opens the firewall for who scrapes, and for nobody else; without it nothing is opened.
#>
#Requires -Version 5.1
#Requires -RunAsAdministrator
[CmdletBinding()]
param(
    [string]$Url = '@URL@',
    [string]$Sha256 = '@SHA256@',
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
$TaskName = 'Hyperion exporter'
$Port = 9100
# By number: the names of these differ from language to language.
$LocalService = 'S-1-5-19'
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
    Say "installs into $Program and $State, with the task '$TaskName' as LOCAL SERVICE"
    $release = Get-Release $base
    Set-State
    Add-EventLogReader
    Set-Firewall
    Stop-Exporter
    Start-Exporter $base (Set-Launcher $release)
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
function Stop-Exporter {
    if (Get-ScheduledTask $TaskName -ErrorAction SilentlyContinue) {
        Disable-ScheduledTask $TaskName | Out-Null
        Stop-ScheduledTask $TaskName
        while ((Get-ScheduledTask $TaskName).State -eq 'Running') { Start-Sleep -Milliseconds 200 }
    }
}

# Below ProgramData everybody may write unless it is forbidden, and make the folder before us.
function Set-State {
    New-Item -ItemType Directory -Force $Kept | Out-Null
    Invoke-Icacls $State /setowner '*S-1-5-32-544' /T /Q
    Invoke-Icacls $State /inheritance:r /grant:r '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' `
        "*${LocalService}:(OI)(CI)RX" /Q
    Invoke-Icacls $Kept /grant:r "*${LocalService}:(OI)(CI)M" /Q
    if (-not (Test-Path $ArgumentsFile)) {
        Set-Content -Encoding Ascii $ArgumentsFile "--web.listen-address=:$Port",
            "--collector.events.state-folder=$Kept"
    }
}

function Invoke-Icacls {
    & icacls.exe @args | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "the rights of $($args[0]) cannot be set" }
}

# The log of one run and of the one before, because a task has no place for what is said.
function Set-Launcher([string]$Release) {
    $launcher = Join-Path $Program 'hyperion-exporter.py'
    Set-Content -Encoding UTF8 $launcher @"
import os, sys
log = r'$Kept\log.txt'
if os.path.exists(log):
    os.replace(log, log + '.1')
sys.stdout = sys.stderr = open(log, 'w', buffering=1, encoding='utf-8')
sys.path.insert(0, r'$Release')
from hyperion_exporter.cli import main
sys.exit(main([line for line in open(r'$ArgumentsFile').read().splitlines() if line]))
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
    Remove-NetFirewallRule -DisplayName $TaskName -ErrorAction SilentlyContinue
    New-NetFirewallRule -DisplayName $TaskName -Direction Inbound -Action Allow -Protocol TCP `
        -LocalPort $Port -RemoteAddress $AllowFrom | Out-Null
}

# Of tasks only those that cannot be started are started anew, not those that end; so one more
# trigger tries each minute, and is ignored while it runs.
function Start-Exporter([string]$Base, [string]$Launcher) {
    $action = New-ScheduledTaskAction -Execute $Base -Argument "-I `"$Launcher`"" `
        -WorkingDirectory $State
    $triggers = @(
        New-ScheduledTaskTrigger -AtStartup
        New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes 1)
    )
    $principal = New-ScheduledTaskPrincipal -UserId $LocalService -LogonType ServiceAccount
    $settings = New-ScheduledTaskSettingsSet -MultipleInstances IgnoreNew -Priority 4 `
        -ExecutionTimeLimit ([TimeSpan]::Zero) -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries
    Register-ScheduledTask $TaskName -Action $action -Trigger $triggers -Principal $principal `
        -Settings $settings -Force | Out-Null
    Start-ScheduledTask $TaskName
    Wait-Exporter
}

function Wait-Exporter {
    $until = (Get-Date).AddSeconds(60)
    while (-not (Test-Answer)) {
        if ((Get-Date) -gt $until) { throw "it does not answer: see $Kept\log.txt" }
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
    Say "takes away $Program, $State, the task '$TaskName' and its rule of the firewall"
    Stop-Exporter
    Unregister-ScheduledTask $TaskName -Confirm:$false -ErrorAction SilentlyContinue
    Remove-NetFirewallRule -DisplayName $TaskName -ErrorAction SilentlyContinue
    foreach ($folder in $Program, $State) {
        if (Test-Path $folder) { Remove-Item -Recurse -Force $folder }
    }
    Say 'done; LOCAL SERVICE stays in the group Event Log Readers, where it may have been before'
}

if ($Uninstall) { Uninstall-All } else { Install-All }
